import { anyone, defineOperation, problems, z } from '../../core/plugin/index.js';

/** Takes a document of any shape: who sent it is looked at before what it says. */
export const event = defineOperation({
  id: 'harbor.event',
  summary: 'Takes an event of a Harbor project, in either of its formats',
  input: z.strictObject({ document: z.unknown() }),
  output: { kind: 'empty' },
  problems: [problems.notAuthenticated, problems.semanticError, problems.unavailable],
  access: { ...anyone, rule: 'whoever has the secret of the webhook', challenges: ['Bearer realm="harbor-webhook"'] },
  idempotency: 'idempotent',
  bodyLimit: 256 * 1024,
  http: { method: 'POST', path: '/harbor/events', body: 'document' },
});
