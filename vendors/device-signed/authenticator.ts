import {
  type ReplayGuard,
  SignatureFault,
  type SignatureVerifier,
  type VerifiedSignature,
} from '../../core/identity/index.js';
import { type Authenticator, type Principal, Problem, problems } from '../../core/plugin/index.js';
import type { DeviceManager } from '../../managers/device/index.js';
import { challenge } from './problems.js';

/**
 * Authenticates a device by its signature, with the key of the client that the address names
 * (workload management API, "Request signing": the server finds the certificate by `clientId`).
 */
export function signatureAuthenticator(
  devices: DeviceManager,
  verifier: SignatureVerifier,
  replays: ReplayGuard,
): Authenticator {
  return {
    scheme: 'signature',
    makes: 'device',
    challenge,
    authenticate: (evidence, { changes }) => {
      if (evidence.headers['signature'] === undefined && evidence.headers['signature-input'] === undefined)
        return undefined;
      const clientId = evidence.params['clientId'] ?? '';
      const parsed = answering(() => verifier.parse(evidence));
      const known = devices.keyOf(clientId);
      if (known === undefined) throw new Problem(problems.notFound, `no client ${clientId} is onboarded here`);
      if ('refused' in known) throw new Problem(problems.notAuthorized, known.refused);
      const verified = answering(() => verifier.verify(evidence, known.key, parsed));
      const principal: Principal = { kind: 'device', id: clientId, roles: [] };
      devices.seen(clientId);
      return changes ? once(replays, verified).then(() => principal) : principal;
    },
  };
}

/** @throws Problem 401 when a request with this signature was taken before */
export async function once(replays: ReplayGuard, verified: VerifiedSignature): Promise<void> {
  if (await replays.admit(verified.canonicalBytes(), verified.acceptableUntil)) return;
  throw new Problem(problems.notAuthenticated, 'this signed request was taken already; sign it anew to send it again');
}

/** Runs a step of the verification, with its faults as problems: the digest's are 400, all others 401. */
export function answering<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof SignatureFault)) throw error;
    const digest = error.reason === 'digest-missing' || error.reason === 'digest-mismatch';
    throw new Problem(digest ? problems.invalidRequest : problems.notAuthenticated, error.message, { cause: error });
  }
}
