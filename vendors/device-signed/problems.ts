import { Problem, type ProblemType, problems } from '../../core/plugin/index.js';

/** For WWW-Authenticate. */
export const challenge = 'Signature realm="margo"';

const registry = 'https://docs.margo.org/specification/problem-types#';

/** Fragment of the standard's problem type and the `error` text of the older clients, by the status that they share. */
const words: Readonly<Record<number, { readonly fragment?: string; readonly error: string }>> = {
  400: { fragment: 'invalid-request', error: 'Invalid request' },
  401: { fragment: 'signature-verification-failed', error: 'Invalid signature' },
  403: { fragment: 'not-authorized', error: 'Forbidden' },
  404: { error: 'Not found' },
  406: { fragment: 'server-cannot-generate-response', error: 'Not acceptable' },
  422: { fragment: 'semantic-error', error: 'Validation failed' },
};

/** What is missing, where the standard has a type of its own for it. */
export const missing = {
  bundle: problemType('invalid-bundle', 404, 'Bundle not found'),
  deployment: problemType('deployment-not-found', 404, 'Deployment not found'),
  device: problemType('device-not-found', 404, 'Device not found'),
  gateway: problemType('gateway-not-found', 404, 'Gateway not found'),
} as const;

function problemType(fragment: string, status: number, title: string): ProblemType {
  return Object.freeze({ type: registry + fragment, title, status, retryable: false });
}

/**
 * Words a problem as the device API does: the standard's type URI (problem types, section "Registry"; `about:blank`
 * for what it has none for), retry advice, and `error` with `message` for clients of the first preview.
 */
export function asDeviceProblem(problem: Problem): Problem {
  const { kind } = problem;
  const { fragment, error } = words[kind.status] ?? { error: kind.title };
  const type = kind.type.startsWith(registry)
    ? kind.type
    : fragment === undefined
      ? 'about:blank'
      : registry + fragment;
  return new Problem({ ...kind, type }, problem.detail, {
    errors: problem.errors,
    ...(problem.retryAfterSeconds !== undefined && { retryAfterSeconds: problem.retryAfterSeconds }),
    extensions: {
      ...problem.extensions,
      error: problem.extensions['error'] ?? error,
      message: problem.detail,
      backoffStrategy: kind.retryable ? 'exponential' : 'none',
    },
    cause: problem.cause,
  });
}

/** Says what it is that was not found: managers, which know nothing of the standard's types, only say that something was not. */
export async function naming<T>(kind: ProblemType, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== problems.notFound) throw error;
    const { errors, extensions } = error;
    throw new Problem(kind, error.detail, { errors, extensions, cause: error });
  }
}

/** A digest in an address that is none: the standard has no 422 where nothing but an address can be wrong. */
export function addressProblem(problem: Problem): Problem {
  if (problem.kind.status !== 422) return asDeviceProblem(problem);
  const { detail, errors, extensions, cause } = problem;
  return asDeviceProblem(new Problem(problems.invalidRequest, detail, { errors, extensions, cause }));
}

/** The onboarding texts that the first preview fixes word for word. It knows no 422 there: a wrong document is a 400. */
export function onboardingProblem(problem: Problem): Problem {
  const kind = problem.kind.status === 422 ? problems.invalidRequest : problem.kind;
  const error = { 400: 'Invalid certificate', 403: 'Client rejected' }[kind.status];
  return asDeviceProblem(
    error === undefined
      ? problem
      : new Problem(kind, problem.detail, {
          errors: problem.errors,
          ...(problem.retryAfterSeconds !== undefined && { retryAfterSeconds: problem.retryAfterSeconds }),
          extensions: { ...problem.extensions, error },
          cause: problem.cause,
        }),
  );
}

export { problems };
