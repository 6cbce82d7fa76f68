import {
  type ReplayGuard,
  SignatureFault,
  type SignatureVerifier,
  type VerifiedSignature,
} from '../../core/identity/index.js';
import { type Authenticator, type Evidence, type Principal, Problem, problems } from '../../core/plugin/index.js';
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
      if (!isSigned(evidence)) return undefined;
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

/**
 * Authenticates a device by the client certificate that the transport, or a broker before the host, has verified. A
 * request that is signed is told by its signature.
 */
export function certificateAuthenticator(devices: DeviceManager): Authenticator {
  return {
    scheme: 'certificate',
    makes: 'device',
    challenge: 'Certificate realm="margo"',
    authenticate: (evidence) => {
      if (isSigned(evidence)) return undefined;
      const id = ownerOf(evidence, devices);
      if (id === undefined) return undefined;
      const known = devices.keyOf(id);
      if (known === undefined) throw new Problem(problems.notFound, 'the device was removed just now');
      if ('refused' in known) throw new Problem(problems.notAuthorized, known.refused);
      devices.seen(id);
      return { kind: 'device', id, roles: [] };
    },
  };
}

export function isSigned({ headers }: Pick<Evidence, 'headers'>): boolean {
  return headers['signature'] !== undefined || headers['signature-input'] !== undefined;
}

/**
 * @returns `undefined` where no certificate was shown
 * @throws Problem 404 when it is that of no device here, so that the device presents itself anew; 403 when it could be
 * that of several
 */
function ownerOf({ clientCertificate, clientName }: Evidence, devices: DeviceManager): string | undefined {
  if (clientCertificate) {
    const id = devices.byCertificate(clientCertificate);
    if (id === undefined)
      throw new Problem(problems.notFound, 'no device with this client certificate is onboarded here');
    return id;
  }
  if (clientName === undefined) return undefined;
  const [id, ...more] = devices.byName(clientName);
  if (id === undefined) throw new Problem(problems.notFound, `no device named ${clientName} is onboarded here`);
  if (more.length === 0) return id;
  throw new Problem(
    problems.notAuthorized,
    `${more.length + 1} devices are named ${clientName}: a name cannot tell which one calls; sign the requests, or give each a certificate with a name of its own`,
  );
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
