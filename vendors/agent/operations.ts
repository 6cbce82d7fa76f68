import { anyone, defineOperation, problems, z } from '../../core/plugin/index.js';

// What a person at the device looks at. Credentials there are none: whoever is on this machine may look, others may not.

const reading = { access: anyone, idempotency: 'safe' } as const;

const error = z.object({ code: z.string(), source: z.string(), message: z.string() });
const state = z.enum(['pending', 'installing', 'installed', 'failed', 'removing', 'removed']);
const time = z.string().describe('RFC 3339, UTC');

export const status = defineOperation({
  ...reading,
  id: 'agent.status',
  summary: 'Where the agent stands with its fleet manager, and how its applications are',
  input: z.strictObject({}),
  output: {
    kind: 'value',
    schema: z.object({
      sync: z.object({
        clientId: z.string().optional().describe('Absent until the fleet manager has given one'),
        manifestVersion: z.int().describe('Of the newest manifest that was taken; 0: none yet'),
        lastContact: time.optional(),
        trouble: z.string().optional().describe('Why the last attempt failed, if it did'),
      }),
      applications: z.array(
        z.object({
          id: z.string().describe('Deployment id, a UUID'),
          name: z.string(),
          state,
          error: error.optional(),
          components: z.array(z.object({ name: z.string(), state, error: error.optional() })),
          doing: z.string().optional().describe('What is being done now, for a person'),
          retryAt: time.optional().describe('When what failed is tried again: RFC 3339, UTC'),
        }),
      ),
    }),
  },
  problems: [problems.notAuthorized],
  http: { method: 'GET', path: '/agent/status' },
});

export const plan = defineOperation({
  ...reading,
  id: 'agent.plan',
  summary: 'What the agent would do about an application now, and why',
  input: z.strictObject({ id: z.string().min(1) }),
  output: {
    kind: 'value',
    schema: z.object({
      steps: z.array(
        z.object({
          kind: z.enum(['install', 'update', 'repair', 'remove']),
          component: z.string(),
          target: z.string().describe('Name of the entry that would carry it out'),
          reason: z.string(),
          effects: z.array(z.string()).optional().describe('What the target would do; absent where it has no dry run'),
        }),
      ),
      refused: z.string().optional().describe('Why it is not run here'),
    }),
  },
  problems: [problems.notAuthorized, problems.notFound, problems.unavailable],
  http: { method: 'GET', path: '/agent/applications/{id}/plan' },
});

export const logs = defineOperation({
  ...reading,
  id: 'agent.logs',
  summary: 'The newest lines of what a component puts out, oldest first',
  input: z.strictObject({
    id: z.string().min(1),
    component: z.string().min(1),
    lines: z.coerce.number().int().min(1).max(10_000).default(100),
  }),
  output: { kind: 'representation', mediaTypes: ['text/plain; charset=utf-8'] },
  problems: [problems.notAuthorized, problems.notFound, problems.unavailable],
  http: { method: 'GET', path: '/agent/applications/{id}/components/{component}/logs', query: ['lines'] },
});
