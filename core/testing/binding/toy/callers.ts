import { type SignatureFault, SignatureVerifier, SigningKey, signRequest } from '../../../identity/index.js';
import { type Authenticator, Problem, problems } from '../../../operation/index.js';
import type { AddressedCall, Credentials } from '../../../ports/transport.js';

const refused = (detail: string, cause?: unknown): Problem =>
  new Problem(problems.notAuthenticated, detail, cause === undefined ? {} : { cause });

/** The callers that a kit's vendor knows: two users by their tokens, and two devices by their keys. */
export class Callers {
  readonly #keys = new Map([
    ['device-1', SigningKey.generate()],
    ['device-2', SigningKey.generate()],
  ]);
  readonly #seen = new Set<string>();
  readonly #verifier = new SignatureVerifier({}, () => Date.now());

  readonly authenticators: readonly Authenticator[] = [
    {
      scheme: 'toy-token',
      makes: 'user',
      challenge: 'Bearer realm="toy"',
      authenticate: ({ headers }) => {
        const [, token] = /^Bearer (.+)$/.exec(headers['authorization'] ?? '') ?? [];
        if (token === undefined) return undefined;
        if (token !== 'admin' && token !== 'viewer') throw refused('this token is known to nobody');
        return { kind: 'user', id: token, roles: [token] };
      },
    },
    {
      scheme: 'toy-signature',
      makes: 'device',
      challenge: 'Signature realm="toy"',
      authenticate: (evidence, { changes }) => {
        if (evidence.headers['signature-input'] === undefined) return undefined;
        try {
          const parsed = this.#verifier.parse(evidence);
          const [id, key] = [...this.#keys].find(([, { thumbprint }]) => thumbprint === parsed.keyid) ?? [];
          if (id === undefined || !key) throw refused('the key of this signature is known to nobody');
          const verified = this.#verifier.verify(evidence, key.verificationKey, parsed);
          const seen = Buffer.from(verified.canonicalBytes()).toString('base64');
          if (changes && this.#seen.has(seen)) throw refused('this signature was used before');
          this.#seen.add(seen);
          return { kind: 'device', id, roles: [] };
        } catch (error) {
          if ((error as SignatureFault).name === 'SignatureFault') throw refused((error as Error).message, error);
          throw error;
        }
      },
    },
  ];

  /** @param tamper changes the call before it is signed, so that the signature is of another one */
  signed(device: string, tamper: (call: AddressedCall) => AddressedCall = (call) => call): Credentials {
    const key = this.#keys.get(device) ?? SigningKey.generate();
    return (call) => signRequest(tamper(call()), key, { created: Math.floor(Date.now() / 1000) });
  }

  /** A signature that does not cover the body. */
  signedInPart(device: string): Credentials {
    const key = this.#keys.get(device) ?? SigningKey.generate();
    return (call) => signRequest({ ...call(), body: undefined }, key, { created: Math.floor(Date.now() / 1000) });
  }
}
