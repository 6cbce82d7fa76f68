import { createHash, timingSafeEqual } from 'node:crypto';
import { type Dictionary, parseDictionary, serializeDictionary } from 'structured-headers';
import { SignatureFault } from './fault.js';

/** The digest algorithms that are not deprecated (RFC 9530 section 5), with their names in node:crypto. */
const hashes: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
]);

/** The value of Content-Digest for a body (RFC 9530 section 2). */
export function contentDigest(body: Uint8Array): string {
  return serializeDictionary({ 'sha-256': createHash('sha256').update(body).digest() });
}

/**
 * Recomputes every known digest of the header and compares it with what the header says.
 *
 * @throws SignatureFault `digest-missing` when there is none that can be checked, `digest-mismatch` when one is wrong
 */
export function verifyContentDigest(header: string | undefined, body: Uint8Array): void {
  if (header === undefined) throw new SignatureFault('digest-missing', 'the body has no Content-Digest');
  const members = read(header);
  let checked = 0;
  for (const [name, hash] of hashes) {
    const claimed = members.get(name)?.[0];
    if (claimed === undefined) continue;
    if (!(claimed instanceof ArrayBuffer)) {
      throw new SignatureFault('digest-missing', `Content-Digest: ${name} is not a byte sequence`);
    }
    const actual = createHash(hash).update(body).digest();
    if (claimed.byteLength !== actual.length || !timingSafeEqual(actual, new Uint8Array(claimed))) {
      throw new SignatureFault('digest-mismatch', `Content-Digest: the body does not have this ${name}`);
    }
    checked += 1;
  }
  if (checked === 0) {
    throw new SignatureFault('digest-missing', `Content-Digest has none of ${[...hashes.keys()].join(', ')}`);
  }
}

function read(header: string): Dictionary {
  try {
    return parseDictionary(header);
  } catch (cause) {
    throw new SignatureFault('digest-missing', 'Content-Digest cannot be read', { cause });
  }
}
