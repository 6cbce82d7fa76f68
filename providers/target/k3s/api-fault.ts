import { TargetFault, z } from '../../../core/plugin/index.js';

/** The API server's own form of an error (`kind: Status`). */
const status = z.object({
  message: z.string().default(''),
  reason: z.string().default(''),
  details: z
    .object({
      causes: z
        .array(
          z.object({ reason: z.string().optional(), message: z.string().optional(), field: z.string().optional() }),
        )
        .optional(),
    })
    .optional(),
});

export interface Cause {
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly field?: string | undefined;
}

/** The API server said no. As it is it is a fault of the platform; whoever knows better makes another of it. */
export class ApiFault extends TargetFault {
  constructor(
    /** HTTP status. */
    readonly status: number,
    /** `NotFound`, `Conflict`, `Expired`, ... */
    readonly reason: string,
    message: string,
    readonly causes: readonly Cause[] = [],
    options?: ErrorOptions,
  ) {
    super('platform', message, retried(status), options);
  }
}

/** What comes of asking again without anybody's doing: rights and quotas are changed by somebody, most faults are not. */
function retried(code: number): boolean {
  return code === 401 || code === 403 || code === 404 || code === 409 || code === 410 || code === 429 || code >= 500;
}

export function hasStatus(error: unknown, ...codes: readonly number[]): error is ApiFault {
  return error instanceof ApiFault && codes.includes(error.status);
}

/** The API server's refusal in words, with what to do about it. */
export function refusal(
  code: number,
  body: string,
  asked: { readonly server: string; readonly what: string },
): ApiFault {
  const { message, reason, details } = parsed(body);
  const said = message === '' ? body.slice(0, 300) : message;
  const words = (): string => {
    if (code === 401) {
      return `the Kubernetes API at ${asked.server} does not know us (401): the credentials of the kubeconfig are expired or wrong; renew the file`;
    }
    if (code === 403) return forbidden(said);
    return `the Kubernetes API refused to ${asked.what}: ${said} (${code})`;
  };
  return new ApiFault(code, reason, words(), details?.causes ?? []);
}

function parsed(body: string): z.output<typeof status> {
  try {
    return status.parse(JSON.parse(body));
  } catch {
    // A proxy's page, or nothing: told as it is.
    return { message: '', reason: '' };
  }
}

// As the API server's authorizer words it (k8s.io/apiserver, endpoints/handlers/responsewriters/errors.go).
const denied =
  /User "([^"]*)" cannot (\S+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)"| at the cluster scope)?/;

/** Which rule is missing, as one would write it; other reasons (a quota, a namespace that ends) are told as they are. */
export function forbidden(message: string): string {
  const found = denied.exec(message);
  if (found === null) return `the Kubernetes API forbids it: ${message}`;
  const [, user = '', verb = '', resource = '', group = '', namespace] = found;
  const kind = namespace === undefined ? 'ClusterRole' : 'Role or ClusterRole';
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`;
  const rule = `{ apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"] }`;
  return `${user} may not ${verb} ${resource} ${where} (403); give it a ${kind} with the rule ${rule}`;
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections; is k3s running?',
  ECONNRESET: 'closed the connection in the middle of an answer',
  EPIPE: 'closed the connection',
  ENOTFOUND: 'has a name that nobody knows',
  EAI_AGAIN: 'has a name that cannot be looked up now',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'does not answer',
  CERT_HAS_EXPIRED: 'has a certificate that has expired; restart k3s, which renews it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate of an authority that we do not trust; check `ca` or the kubeconfig',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate of an authority that we do not trust; check `ca` or the kubeconfig',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'has a certificate of an authority that we do not trust; check `ca` or the kubeconfig',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'has a certificate of an authority that we do not trust; check `ca` or the kubeconfig',
  CERT_SIGNATURE_FAILURE: 'has a certificate of an authority that we do not trust; check `ca` or the kubeconfig',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name; write the server as its certificate has it',
  EPROTO: 'speaks no TLS that we understand; is that the address of an API server?',
};

/** Why no answer came, or only a part of one. */
export function connectionFault(server: string, error: unknown): TargetFault {
  if (error instanceof TargetFault) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  const known = Object.hasOwn(words, code) ? words[code] : undefined;
  const why = known === undefined ? `does not answer: ${message}` : `${known} (${code})`;
  return new TargetFault('platform', `the Kubernetes API at ${server} ${why}`, true, { cause: error });
}

export class SlowAnswer extends Error {
  readonly code = 'ETIMEDOUT';
}
