import { anyone, defineOperation, problems, z } from 'tutti/plugin';

const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,100}$/, 'expected letters, digits, ".", "_" and "-"')
  .describe('What the note is found under');
const note = z.strictObject({ name, text: z.string() });

/**
 * Operations are declared once and served by every binding of a profile: over HTTP as `http` says, over gRPC and MQTT
 * by their names. What callers may say is checked before a handler hears of it, and what it answers is documented.
 */
export const readNote = defineOperation({
  id: 'my-vendor.read',
  summary: 'Reads a note',
  input: z.strictObject({ name }),
  output: { kind: 'value', schema: note },
  problems: [problems.notFound],
  // Everybody. `atLeast('viewer')` takes the tokens of a profile with manager.access and vendor.operator.
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/notes/{name}' },
});

export const writeNote = defineOperation({
  id: 'my-vendor.write',
  summary: 'Writes a note in place of the one that was there',
  input: z.strictObject({ name, text: z.string().max(10_000) }),
  output: { kind: 'value', schema: note },
  problems: [],
  access: anyone,
  idempotency: 'idempotent',
  http: { method: 'PUT', path: '/notes/{name}' },
});
