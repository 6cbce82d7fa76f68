import { createPrivateKey, type KeyObject, randomUUID, sign, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfSigned } from './certificate.js';

/** `repository:apps/pump:pull,push` as docker's token specification has it in a token. */
export interface TokenAccess {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** What docker-registry is told so that it takes an issuer's tokens. */
export interface TokenTrust {
  /** Where it sends its clients for a token. */
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM file: it trusts what was signed with a certificate below one of these. */
  readonly rootCertificates: string;
}

const service = 'registry-of-this-test';
const issuer = 'issuer-of-this-test';

/** Makes tokens that a real docker-registry verifies: JWTs, signed with a key whose certificate it trusts. */
export class TokenIssuer {
  private constructor(
    private readonly key: KeyObject,
    private readonly chain: readonly string[],
    private readonly bundle: string,
  ) {}

  /** @param directory where the certificate that the registry trusts is written to */
  static async make(directory: string): Promise<TokenIssuer> {
    const { ca, certificate, key } = await selfSigned(['tokens']);
    const bundle = join(directory, 'token-roots.crt');
    writeFileSync(bundle, ca);
    return new TokenIssuer(createPrivateKey(key), [new X509Certificate(certificate).raw.toString('base64')], bundle);
  }

  trust(realm: string): TokenTrust {
    return { realm, service, issuer, rootCertificates: this.bundle };
  }

  /** @param seconds for which it is good; negative: it has expired */
  token(subject: string, access: readonly TokenAccess[], seconds = 300): string {
    const now = Math.floor(Date.now() / 1000);
    const times = { nbf: now - 600, iat: now - 600, exp: now + seconds };
    const claims = { iss: issuer, sub: subject, aud: service, ...times, jti: randomUUID(), access };
    const signed = [{ typ: 'JWT', alg: 'ES256', x5c: this.chain }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('sha256', Buffer.from(signed), { key: this.key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }
}

/** The scopes of a token request: the parameter may be repeated, and hold several. */
export function wantedAccess(query: URLSearchParams): TokenAccess[] {
  return query
    .getAll('scope')
    .flatMap((scope) => scope.split(' '))
    .flatMap((scope) => {
      const [, type, name, actions] = /^([^:]+):(.+):([^:]+)$/.exec(scope) ?? [];
      return type === undefined || name === undefined ? [] : [{ type, name, actions: (actions ?? '').split(',') }];
    });
}
