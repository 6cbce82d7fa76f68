import { readFile } from 'node:fs/promises';
import { parseCertificates } from '../../core/identity/index.js';
import type { Logger } from '../../core/plugin/index.js';
import { collection, put, StateConflict, type StateProvider } from '../../core/ports/index.js';

/** SHA-256 of the certificates that replicas have in common, by what they are for. */
export const commonCertificates = collection<{ readonly fingerprints: readonly string[] }>('replica-certificates');

/** A file of certificates, as one replica has it. */
export interface CertificateFile {
  readonly path: string;
  /** SHA-256 of each one's DER, hex; in order. */
  readonly fingerprints: readonly string[];
}

/** @throws Error that names the file */
export async function readFingerprints(path: string): Promise<readonly string[]> {
  try {
    const found = parseCertificates(await readFile(path)).map(({ fingerprint256 }) => fingerprint256);
    if (found.length === 0) throw new Error('it holds no certificate');
    return [...new Set(found)].sort();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path}: the certificates that all replicas must share cannot be read: ${why}`, { cause });
  }
}

/**
 * Holds a replica to what the others on the state have. The first to come decides; one whose file shares a certificate
 * with what is known changes it for those that come later, so that a CA is replaced by having both for a while.
 *
 * @throws Error that says what to do
 */
export async function mustBeSame(
  state: StateProvider,
  name: string,
  { path, fingerprints }: CertificateFile,
  log: Logger,
): Promise<void> {
  for (;;) {
    const known = await state.get(commonCertificates, name);
    const before = known?.value.fingerprints ?? [];
    if (known && sameTexts(before, fingerprints)) return;
    if (known && !before.some((one) => fingerprints.includes(one)))
      throw new Error(different(name, path, fingerprints, before));
    try {
      await state.commit([put(commonCertificates, name, { fingerprints }, known?.revision ?? 'absent')]);
      if (known)
        log.info(`the certificates that replicas share as "${name}" are others now`, { before, now: fingerprints });
      return;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

function different(name: string, path: string, here: readonly string[], there: readonly string[]): string {
  const shown = (all: readonly string[]): string => all.map((one) => `${one.slice(0, 16)}...`).join(', ');
  return (
    `${path} (SHA-256 ${shown(here)}) is not what the other replicas on this state have as "${name}" (${shown(there)}): ` +
    'devices would trust one replica and not another. Give this replica the same file. To replace it at all of them, first ' +
    'have each start with the old and the new certificates in the file, then with the new ones alone'
  );
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, at) => text === other[at]);
}
