import { anyone, defineOperation, z } from '../../core/plugin/index.js';

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

const jsonSchema = z.record(z.string(), z.unknown()).describe('JSON Schema, draft 2020-12');

/** What a caller has to know of an operation to call it, whatever carries the call. */
export const operationDescription = z.object({
  id: z.string(),
  summary: z.string(),
  vendor: z.string().describe('The entry of the profile that offers it'),
  prefix: z.string().describe('Path of the vendor: empty, or /nbi/v1'),
  access: z.string().describe('Who may call it, for a person'),
  idempotency: z.enum(['safe', 'idempotent', 'once']),
  input: jsonSchema,
  output: z.object({
    kind: z.enum(['value', 'empty', 'representation', 'stream']),
    schema: jsonSchema.optional(),
    mediaTypes: z.array(z.string()).optional(),
  }),
  http: z.object({
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    path: z.string().describe('With the vendor’s prefix before it'),
    aliases: z.array(z.string()).optional(),
    query: z.array(z.string()).optional(),
    body: z.string().optional(),
  }),
});
export type OperationDescription = z.output<typeof operationDescription>;

/** What the host offers, as data: for callers that were not built with it. The same is open in its OpenAPI document. */
export const listOperations = defineOperation({
  id: 'system.operations',
  summary: 'The operations of the host, and how each is called',
  input: z.strictObject({ id: z.string().optional().describe('Only this one') }),
  output: { kind: 'value', schema: z.object({ operations: z.array(operationDescription) }) },
  problems: [],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/operations', query: ['id'] },
});
