import { anyone, defineOperation, defineVendor, ok, serve, z } from '../../core/plugin/index.js';

const read = defineOperation({
  id: 'gauges.read',
  summary: 'What a gauge shows',
  input: z.strictObject({ name: z.string(), unit: z.enum(['bar', 'psi']).optional() }),
  output: { kind: 'value', schema: z.object({ value: z.number() }) },
  problems: [],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/gauges/{name}', query: ['unit'] },
});

/** A plugin's operation, which has no number that is built in. */
export default defineVendor({
  type: 'vendor.gauge',
  version: '1.0.0',
  create: () => ({ operations: [serve(read, () => ok({ value: 1 }))] }),
});
