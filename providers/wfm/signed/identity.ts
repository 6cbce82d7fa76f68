import { join } from 'node:path';
import { parseCertificates, SigningKey, selfSignedDeviceCertificate } from '../../../core/identity/index.js';
import {
  createFile,
  IdentityFileFault,
  makePrivateDirectory,
  modes,
  readIfThere,
} from '../../../core/identity/tls/files.js';

/** Who this device is: the key that it signs with and the certificate that it presents. */
export interface DeviceIdentity {
  readonly key: SigningKey;
  /** base64 of the DER (onboarding, section "Certificate"). */
  readonly certificate: string;
}

export interface IdentityFiles {
  readonly certificate?: string;
  readonly key?: string;
}

/**
 * The identity from the given PEM files, or the one in `directory`, which is made on first use: a new P-256 key with a
 * certificate that it signs itself. Such a certificate is enough for a fleet manager that onboards openly or by approval.
 *
 * @throws IdentityFileFault naming the file that cannot be used
 */
export async function deviceIdentity(
  directory: string,
  name: string,
  files: IdentityFiles,
  now: number,
): Promise<DeviceIdentity> {
  const keyFile = files.key ?? join(directory, 'device.key');
  const certificateFile = files.certificate ?? join(directory, 'device.crt');
  if (files.key === undefined && files.certificate === undefined)
    await makeIfMissing(directory, keyFile, certificateFile, name, now);
  const key = using(keyFile, await required(keyFile), (pem) => SigningKey.fromPem(pem));
  const leaf = using(certificateFile, await required(certificateFile), (pem) => parseCertificates(pem)[0]);
  if (!leaf) throw new IdentityFileFault(certificateFile, 'has no certificate');
  if (leaf.key.thumbprint !== key.thumbprint)
    throw new IdentityFileFault(certificateFile, `is not the certificate of the key in ${keyFile}`);
  return { key, certificate: Buffer.from(leaf.der).toString('base64') };
}

async function makeIfMissing(
  directory: string,
  keyFile: string,
  certificateFile: string,
  name: string,
  now: number,
): Promise<void> {
  await makePrivateDirectory(directory);
  if ((await readIfThere(certificateFile)) !== undefined) return;
  // The key first: a crash in between leaves a key that the next start makes the certificate for.
  const key = SigningKey.fromPem(await createFile(keyFile, SigningKey.generate().exportPem(), modes.key));
  const { pem } = await selfSignedDeviceCertificate({ name, key, now });
  await createFile(certificateFile, pem, modes.certificate);
}

async function required(file: string): Promise<string> {
  const text = await readIfThere(file);
  if (text === undefined) throw new IdentityFileFault(file, 'is not there; issue one with `tutti pki issue`');
  return text;
}

function using<T>(file: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (cause) {
    throw new IdentityFileFault(file, cause instanceof Error ? cause.message : 'cannot be used', { cause });
  }
}
