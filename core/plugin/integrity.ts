import { createHash, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Of the algorithms of Subresource Integrity all; weaker ones (md5, sha1) prove nothing. With the bytes of a digest. */
const digestSizes = { sha256: 32, sha384: 48, sha512: 64 } as const;
export type IntegrityAlgorithm = keyof typeof digestSizes;

/** What a profile pins a plugin to. */
export interface Integrity {
  readonly algorithm: IntegrityAlgorithm;
  readonly digest: Buffer;
}

/**
 * Reads `sha512-<base64>`: the form that npm's lock files and Subresource Integrity have (one hash, no options).
 *
 * @returns what is wrong with it, where something is, without its text
 */
export function parseIntegrity(text: string): Integrity | string {
  const expected = 'expected the hash that `tutti plugin pin` prints: sha512- (or sha384-, sha256-) and base64';
  const [, name, encoded = ''] = /^([A-Za-z0-9]+)-([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  if (name === undefined) return expected;
  if (!Object.hasOwn(digestSizes, name)) {
    const weak = /^(?:md5|sha1)$/i.test(name);
    return weak ? `${name} is too weak to prove anything; ${expected}` : expected;
  }
  const algorithm = name as IntegrityAlgorithm;
  const digest = Buffer.from(encoded, 'base64');
  const size = digestSizes[algorithm];
  if (digest.byteLength !== size || digest.toString('base64') !== encoded) {
    return `a ${algorithm} hash is ${size} bytes in base64, this is not; ${expected}`;
  }
  return { algorithm, digest };
}

export function formatIntegrity({ algorithm, digest }: Integrity): string {
  return `${algorithm}-${digest.toString('base64')}`;
}

export function sameIntegrity(one: Integrity, other: Integrity): boolean {
  return one.algorithm === other.algorithm && timingSafeEqual(one.digest, other.digest);
}

/** The plugin holds something that no hash can stand for. */
export class Unhashable extends Error {
  override readonly name = 'Unhashable';
}

/** What is not the plugin's own, wherever it lies. */
const excluded: ReadonlySet<string> = new Set(['node_modules', '.git']);

/**
 * The integrity of a plugin as it lies on the disk. Of a file it is the hash of its bytes. Of a folder it is the hash of
 * all files below it, in the order of their paths by UTF-16 code unit: for each its path from the folder with `/`
 * between the parts, a NUL, its length in bytes as decimal digits, a NUL, and its bytes. Left out are `node_modules`
 * and `.git`, at any depth, empty folders, and the modes and times of files.
 *
 * @param path absolute, itself no symbolic link
 * @throws Unhashable for a symbolic link (what it leads to can change alone), a socket and the like
 */
export async function integrityOf(path: string, algorithm: IntegrityAlgorithm): Promise<Integrity> {
  const hash = createHash(algorithm);
  const update = async (file: string): Promise<void> => {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  };
  if ((await lstat(path)).isFile()) {
    await update(path);
  } else {
    for (const file of await filesOf(path)) {
      const full = join(path, file);
      hash.update(`${file}\0${(await lstat(full)).size}\0`);
      await update(full);
    }
  }
  return { algorithm, digest: hash.digest() };
}

/** Paths of all files of a folder, in order. */
async function filesOf(folder: string): Promise<string[]> {
  const walk = async (below: string): Promise<string[]> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true });
    const found = await Promise.all(
      entries.map(async (entry) => {
        const path = below === '' ? entry.name : `${below}/${entry.name}`;
        if (excluded.has(entry.name)) return [];
        if (entry.isFile()) return [path];
        if (entry.isDirectory()) return walk(path);
        const what = entry.isSymbolicLink() ? 'a symbolic link' : 'neither a file nor a folder';
        throw new Unhashable(`${path} is ${what}, which no hash can stand for`);
      }),
    );
    return found.flat();
  };
  return (await walk('')).sort();
}
