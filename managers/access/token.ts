import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A token taken apart: the public id and the secret. */
export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

const grammar = /^tutti_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** A new token: 64 random bits to find it by, 256 to prove it. */
export function newToken(): TokenParts {
  return { id: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('base64url') };
}

/** `tutti_<id>_<secret>` */
export function tokenText({ id, secret }: TokenParts): string {
  return `tutti_${id}_${secret}`;
}

/** @returns `undefined` for a text that is no token of ours */
export function parseToken(text: string): TokenParts | undefined {
  const [, id, secret] = grammar.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** SHA-256 of the secret, hex. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether a secret has this hash, in a time that tells nothing of where they differ. */
export function secretMatches(secret: string, hash: string): boolean {
  const expected = Buffer.from(hash, 'hex');
  const given = createHash('sha256').update(secret).digest();
  return expected.length === given.length && timingSafeEqual(expected, given);
}
