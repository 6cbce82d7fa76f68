import { join } from 'node:path';
import {
  type Certificate,
  type CertificateAuthority,
  createAuthority,
  parseCertificate,
} from '../certificate/index.js';
import { SigningKey } from '../key/index.js';
import { createFile, IdentityFileFault, makePrivateDirectory, modes, readIfThere, replaceFile } from './files.js';

/** Where a CA lives, and what it is called when it is made. */
export interface AuthorityFiles {
  readonly directory: string;
  /** `<base>.crt` and `<base>.key`. */
  readonly base: string;
  readonly commonName: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The CA that devices are issued by: `device-ca.crt` and `device-ca.key`, made on first use.
 *
 * @param now milliseconds since the epoch
 * @throws IdentityFileFault when a file is damaged
 */
export function ensureDeviceCa(directory: string, now: number): Promise<CertificateAuthority> {
  return ensureAuthority({ directory, base: 'device-ca', commonName: 'Tutti device CA', now });
}

/**
 * Makes a CA on first use. The key is written first, once and for all; the certificate follows from it, so that a
 * crash in between, or two processes at the same time, end with one CA.
 *
 * @throws IdentityFileFault when a file is damaged, the key is missing, or the certificate has expired
 */
export async function ensureAuthority(wanted: AuthorityFiles): Promise<CertificateAuthority> {
  const { directory, base, now } = wanted;
  const files = { certificate: join(directory, `${base}.crt`), key: join(directory, `${base}.key`) };
  await makePrivateDirectory(directory);
  const present = await readIfThere(files.certificate);
  if (present !== undefined && (await readIfThere(files.key)) === undefined) {
    throw new IdentityFileFault(
      files.key,
      `is missing, but ${files.certificate} is there; put it back, or remove both`,
    );
  }
  const key = await ensureKey(files.key);
  if (present !== undefined) {
    const certificate = readCertificate(files.certificate, present);
    mustFit(files.certificate, certificate, key);
    if (certificate.notAfter.getTime() < now) {
      throw new IdentityFileFault(files.certificate, 'has expired; remove it, and a new one is made with the same key');
    }
    return { certificate, key };
  }
  const commonName = `${wanted.commonName} ${key.thumbprint.slice(0, 8)}`;
  const made = await createAuthority({ commonName, key, now });
  const written = await createFile(files.certificate, made.certificate.pem, modes.certificate);
  return { certificate: readCertificate(files.certificate, written), key };
}

/** The key in a file, made on first use. Of several processes that start at the same time one makes it. */
export async function ensureKey(file: string): Promise<SigningKey> {
  const pem = (await readIfThere(file)) ?? (await createFile(file, SigningKey.generate().exportPem(), modes.key));
  return readKey(file, pem);
}

/** @throws IdentityFileFault */
export function readKey(file: string, pem: string): SigningKey {
  try {
    return SigningKey.fromPem(pem);
  } catch (cause) {
    throw new IdentityFileFault(file, `is no usable private key (${messageOf(cause)})`, { cause });
  }
}

/** @throws IdentityFileFault */
export function readCertificate(file: string, text: string): Certificate {
  try {
    return parseCertificate(text);
  } catch (cause) {
    throw new IdentityFileFault(file, `is no usable certificate (${messageOf(cause)})`, { cause });
  }
}

/** @throws IdentityFileFault when a certificate is not for a key */
export function mustFit(file: string, certificate: Certificate, key: SigningKey): void {
  if (certificate.key.thumbprint !== key.thumbprint) {
    throw new IdentityFileFault(file, 'does not belong to the private key beside it');
  }
}

/** Replaces the certificate of a key that stays. */
export function writeCertificate(file: string, certificate: Certificate): Promise<void> {
  return replaceFile(file, certificate.pem, modes.certificate);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
