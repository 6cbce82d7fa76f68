import { HostStatus } from '../../core/host/status.js';
import { anyone, defineOperation, defineVendor, isLocal, representation, serve, z } from '../../core/plugin/index.js';
import { probeText, worst } from './probe.js';

const encoder = new TextEncoder();
const verboseInput = z.object({ verbose: z.string().optional() });

const probe = {
  input: verboseInput,
  output: { kind: 'representation', mediaTypes: ['text/plain; charset=utf-8'] },
  problems: [],
  access: anyone,
  idempotency: 'safe',
} as const;

/** The process is alive. Looks at nothing else, so that a broken peer never gets the host restarted. */
export const livez = defineOperation({
  ...probe,
  id: 'system.livez',
  summary: 'Whether the process is alive',
  http: { method: 'GET', path: '/livez', query: ['verbose'] },
});

/**
 * All entries can do their work; 503 when not. `?verbose` has a line for each, with reasons for callers on this machine
 * only.
 */
export const readyz = defineOperation({
  ...probe,
  id: 'system.readyz',
  summary: 'Whether every entry can do its work',
  http: { method: 'GET', path: '/readyz', aliases: ['/healthz'], query: ['verbose'] },
});

export default defineVendor({
  type: 'vendor.system',
  version: '1.0.0',
  summary: 'Probes of the host: /livez and /readyz',
  operations: [livez, readyz],
  uses: { host: HostStatus },
  create: ({ uses: { host } }) => ({
    operations: [
      serve(livez, () => representation(encoder.encode('ok\n'), 'text/plain; charset=utf-8')),
      serve(readyz, ({ input, evidence }) => {
        const entries = host.entries();
        const verdict = host.phase() === 'ready' ? worst(entries) : 'failed';
        const verbose = input.verbose !== undefined || verdict === 'failed';
        const telling = verbose ? (isLocal(evidence) ? 'reasons' : 'states') : 'verdict';
        const text = probeText(host.phase(), entries, telling);
        return representation(encoder.encode(text), 'text/plain; charset=utf-8', {
          outcome: verdict === 'failed' ? 'unavailable' : 'ok',
        });
      }),
    ],
  }),
});
