/**
 * One fault of an input: which field, in dotted or JSON Pointer form, and what is wrong with it.
 * @stable since 0.1.0
 */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/**
 * A kind of problem (RFC 9457 section 3.1). `type` is a stable URI that callers key on; `status` is the HTTP status
 * whose meaning it has, on every binding.
 * @stable since 0.1.0
 */
export interface ProblemType {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
}

/**
 * What a problem may say beside its kind and its text.
 * @stable since 0.1.0
 */
export interface ProblemDetails {
  readonly errors?: readonly FieldFault[];
  /** Seconds; bindings send it as Retry-After too. */
  readonly retryAfterSeconds?: number;
  /** Further members (RFC 9457 section 3.2). */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * What an operation answers instead of a reply. Throw it anywhere below a handler.
 * @stable since 0.1.0
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly errors: readonly FieldFault[];
  readonly retryAfterSeconds: number | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    readonly kind: ProblemType,
    /** One or two sentences for a person: what is wrong, where, and what to do. Never a stack, never a secret. */
    readonly detail: string,
    details: ProblemDetails = {},
  ) {
    super(detail, details.cause === undefined ? undefined : { cause: details.cause });
    this.errors = details.errors ?? [];
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.extensions = details.extensions ?? {};
  }

  /** The JSON body (RFC 9457 section 3). */
  body(): Record<string, unknown> {
    return {
      ...this.extensions,
      type: this.kind.type,
      title: this.kind.title,
      status: this.kind.status,
      detail: this.detail,
      retryable: this.kind.retryable,
      ...(this.retryAfterSeconds !== undefined && { retryAfterSeconds: this.retryAfterSeconds }),
      ...(this.errors.length > 0 && { errors: this.errors }),
    };
  }
}

function kind(id: string, status: number, title: string, retryable = false): ProblemType {
  return Object.freeze({ type: `urn:tutti:problem:${id}`, title, status, retryable });
}

/**
 * Common problems. Those that the contract itself can answer are `contractProblems`; the others an operation declares.
 * @stable since 0.1.0
 */
export const problems = {
  invalidRequest: kind('invalid-request', 400, 'The request cannot be read'),
  notAuthenticated: kind('not-authenticated', 401, 'No valid credentials'),
  notAuthorized: kind('not-authorized', 403, 'Not allowed'),
  notFound: kind('not-found', 404, 'Not found'),
  methodNotAllowed: kind('method-not-allowed', 405, 'Method not allowed'),
  notAcceptable: kind('not-acceptable', 406, 'No acceptable representation'),
  requestTimeout: kind('request-timeout', 408, 'The request did not arrive in time', true),
  conflict: kind('conflict', 409, 'In conflict with the present state'),
  preconditionFailed: kind('precondition-failed', 412, 'A precondition does not hold'),
  tooLarge: kind('too-large', 413, 'The request is too large'),
  unsupportedMediaType: kind('unsupported-media-type', 415, 'Unsupported media type'),
  semanticError: kind('semantic-error', 422, 'The request can be read but not carried out'),
  tooManyRequests: kind('too-many-requests', 429, 'Too many requests', true),
  internal: kind('internal', 500, 'Internal error', true),
  unavailable: kind('unavailable', 503, 'Not available now', true),
  timeout: kind('timeout', 504, 'The operation took too long', true),
} as const satisfies Record<string, ProblemType>;

/**
 * The problem in a body that was received (RFC 9457), as well as it can be told; `undefined` for what is no problem.
 * @stable since 0.1.0
 */
export function problemFrom(body: unknown, status: number, title: string): Problem | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const {
    type,
    title: said,
    status: told,
    detail,
    retryable,
    retryAfterSeconds,
    errors,
    ...extensions
  } = body as Record<string, unknown>;
  const kind: ProblemType = {
    type: typeof type === 'string' ? type : 'about:blank',
    title: typeof said === 'string' ? said : title,
    status: typeof told === 'number' ? told : status,
    retryable: retryable === true,
  };
  return new Problem(kind, typeof detail === 'string' ? detail : kind.title, {
    ...(typeof retryAfterSeconds === 'number' && { retryAfterSeconds }),
    errors: Array.isArray(errors) ? errors.filter(isFieldFault) : [],
    extensions,
  });
}

function isFieldFault(value: unknown): value is FieldFault {
  return typeof value === 'object' && value !== null && 'field' in value && 'message' in value;
}

/**
 * Of what went wrong a caller is told that it did, and no more: the log has it.
 * @stable since 0.1.0
 */
export function internalProblem(): Problem {
  return new Problem(problems.internal, 'something went wrong here; the log of the host has the details');
}

/**
 * What any operation may answer without declaring it; one that is `once` also {@link problems.conflict}, for an idempotency key.
 * @stable since 0.1.0
 */
export const contractProblems: readonly ProblemType[] = Object.freeze([
  problems.invalidRequest,
  problems.notAuthenticated,
  problems.notAuthorized,
  problems.notAcceptable,
  problems.requestTimeout,
  problems.tooManyRequests,
  problems.tooLarge,
  problems.unsupportedMediaType,
  problems.semanticError,
  problems.internal,
  problems.unavailable,
  problems.timeout,
]);
