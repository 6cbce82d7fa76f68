import { type FieldFault, Problem, type ProblemType, problemFrom, problems } from '../../../core/operation/index.js';
import { decodeDetails, encodeDetails, type StatusDetails } from './status-details.js';

/** The codes of gRPC (its "status codes" page), by the names that it gives them. */
export const codes = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** How a call ended, as gRPC says it. */
export interface Status {
  readonly code: number;
  /** `grpc-message`. */
  readonly details: string;
  /** `grpc-status-details-bin`: a google.rpc.Status. */
  readonly bytes: Uint8Array;
}

const codeOf: Readonly<Record<number, number>> = {
  400: codes.invalidArgument,
  401: codes.unauthenticated,
  403: codes.permissionDenied,
  404: codes.notFound,
  405: codes.unimplemented,
  406: codes.invalidArgument,
  408: codes.deadlineExceeded,
  409: codes.aborted,
  412: codes.failedPrecondition,
  413: codes.resourceExhausted,
  415: codes.invalidArgument,
  422: codes.invalidArgument,
  429: codes.resourceExhausted,
  500: codes.internal,
  501: codes.unimplemented,
  503: codes.unavailable,
  504: codes.deadlineExceeded,
};

const domain = 'tutti';
/** Headers are bounded on the way; many clients take 8 KiB of them and no more. */
const mostBytes = 4096;
const longestMessage = 1024;

/** A problem as a status: the code that is nearest, and everything that the problem says in the details. */
export function statusOf(problem: Problem): Status {
  const { kind } = problem;
  const code = codeOf[kind.status] ?? (kind.status < 500 ? codes.failedPrecondition : codes.unknown);
  const details = shortened(problem.detail.replaceAll(/\p{Surrogate}/gu, '\uFFFD'), longestMessage);
  return { code, details, bytes: fitting(problem, code, details) };
}

/** As much as fits: further faults of the input go first, then further members. */
function fitting(problem: Problem, code: number, message: string): Uint8Array {
  let { errors } = problem;
  for (;;) {
    const bytes = encodeDetails(detailsOf(problem, code, message, errors, problem.body()));
    if (bytes.byteLength <= mostBytes) return bytes;
    if (errors.length <= 1) break;
    errors = errors.slice(0, Math.floor(errors.length / 2));
  }
  const { type, title, status, retryable } = problem.kind;
  return encodeDetails(detailsOf(problem, code, message, [], { type, title, status, retryable, detail: message }));
}

function detailsOf(
  { kind, retryAfterSeconds }: Problem,
  code: number,
  message: string,
  errors: readonly FieldFault[],
  body: Readonly<Record<string, unknown>>,
): StatusDetails {
  return {
    code,
    message,
    info: {
      reason: reasonOf(kind),
      domain,
      metadata: { type: kind.type, title: kind.title, status: String(kind.status) },
    },
    violations: errors,
    retryAfterSeconds,
    body: errors.length === 0 ? body : { ...body, errors },
  };
}

/** As google.rpc.ErrorInfo wants it: `urn:tutti:problem:not-found` is NOT_FOUND. */
function reasonOf({ type, title }: ProblemType): string {
  const last = /[^:/#]+$/.exec(type)?.[0] ?? title;
  return last
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()
    .slice(0, 63);
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 3).replace(/[\uD800-\uDBFF]$/, '')}...`;
}

/**
 * The problem that a status tells of.
 *
 * @param bytes `grpc-status-details-bin`, where there is one. Without it the status comes from a library or a proxy, and
 *   the problem is the nearest one.
 */
export function problemOf(code: number, details: string, bytes: Uint8Array | undefined): Problem {
  const told = bytes === undefined ? undefined : decodeDetails(bytes);
  const nearest = nearestProblem(code, details);
  if (told?.body) {
    const problem = problemFrom(told.body, nearest.status, nearest.title);
    if (problem) return problem;
  }
  return new Problem(nearest, details === '' ? nearest.title : details, {
    ...(told && { errors: told.violations }),
    ...(told?.retryAfterSeconds !== undefined && { retryAfterSeconds: told.retryAfterSeconds }),
  });
}

function nearestProblem(code: number, details: string): ProblemType {
  switch (code) {
    case codes.invalidArgument:
    case codes.outOfRange:
      return problems.invalidRequest;
    case codes.deadlineExceeded:
      return problems.timeout;
    case codes.notFound:
    case codes.unimplemented:
      return problems.notFound;
    case codes.alreadyExists:
    case codes.aborted:
      return problems.conflict;
    case codes.permissionDenied:
      return problems.notAuthorized;
    case codes.unauthenticated:
      return problems.notAuthenticated;
    case codes.failedPrecondition:
      return problems.preconditionFailed;
    case codes.resourceExhausted:
      // One code for two things: libraries say of a message that it is larger than it may be.
      return /larger than/i.test(details) ? problems.tooLarge : problems.tooManyRequests;
    case codes.unavailable:
    case codes.cancelled:
      return problems.unavailable;
    default:
      return problems.internal;
  }
}
