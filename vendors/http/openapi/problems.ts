import {
  contractProblems,
  type MountedOperation,
  Problem,
  type ProblemType,
  problems,
} from '../../../core/operation/index.js';
import type { Components } from './components.js';
import type { JsonObject } from './schemas.js';

const body: JsonObject = {
  type: 'object',
  description: 'RFC 9457',
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Which kind of problem; stable' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong, where, and what to do' },
    retryable: { type: 'boolean', description: 'Whether the same call may succeed later' },
    retryAfterSeconds: { type: 'number' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, message: { type: 'string' } },
        required: ['field', 'message'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail'],
};

/** What an operation may answer instead, by status: its own problems and those of the contract, as its vendor words them. */
export function problemResponses(mounted: MountedOperation, components: Components): Record<string, JsonObject> {
  const schema = components.refer('schemas', 'Problem', body);
  const byStatus = new Map<number, Map<string, ProblemType>>();
  for (const declared of possibleProblems(mounted)) {
    const { kind } = mounted.present?.(new Problem(declared, '')) ?? { kind: declared };
    const kinds = byStatus.get(kind.status) ?? new Map<string, ProblemType>();
    byStatus.set(kind.status, kinds.set(kind.type, kind));
  }
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([one], [other]) => one - other)
      .map(([status, byType]) => {
        const kinds = [...byType.values()];
        const response = {
          description: kinds.map(({ title, type }) => `${title} (${type})`).join('; '),
          ...headersOf(status),
          content: { 'application/problem+json': { schema } },
        };
        return [String(status), components.refer('responses', kinds.map(nameOf).join('.'), response)];
      }),
  );
}

function possibleProblems({ operation }: MountedOperation): readonly ProblemType[] {
  const { access, http, output, idempotency } = operation;
  const known = access.kinds.length > 0 || (access.challenges ?? []).length > 0;
  const impossible = new Set<ProblemType>([
    ...(known ? [] : [problems.notAuthenticated, problems.notAuthorized]),
    ...(http.method === 'GET' ? [problems.requestTimeout, problems.tooLarge, problems.unsupportedMediaType] : []),
    ...(output.kind === 'empty' ? [problems.notAcceptable] : []),
    ...(output.kind === 'stream' ? [problems.timeout] : []),
  ]);
  return [
    ...operation.problems,
    ...contractProblems.filter((kind) => !impossible.has(kind)),
    ...(idempotency === 'once' ? [problems.conflict] : []),
  ];
}

function headersOf(status: number): JsonObject {
  const text = (description: string): JsonObject => ({ description, schema: { type: 'string' } });
  switch (status) {
    case problems.notAuthenticated.status:
      return { headers: { 'WWW-Authenticate': text('How a caller can authenticate (RFC 9110 section 11.6.1)') } };
    case problems.tooManyRequests.status:
    case problems.unavailable.status:
      return { headers: { 'Retry-After': text('Seconds until the next try makes sense') } };
    default:
      return {};
  }
}

/** The last part of the type's URI; `about:blank` has the meaning of its status and no more. */
function nameOf({ type, status }: ProblemType): string {
  if (type === 'about:blank') return `status-${status}`;
  return type.replace(/^.*[:/#]/, '').replaceAll(/[^\w-]/g, '-') || `status-${status}`;
}
