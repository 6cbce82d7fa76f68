import { join, resolve } from 'node:path';
import { hostData } from '../client/connection.js';
import { failed, invalid, reasonOf } from '../failure.js';
import { fields } from '../output/text.js';
import type { Terminal } from '../terminal.js';

const identity = () => import('../../core/identity/index.js');
const files = () => import('../../core/identity/tls/files.js');

export interface InitOptions {
  readonly server?: readonly string[];
}

/**
 * `tutti pki init DIR`: a device CA, made once. With the names of a server, also what it shows to devices, for replicas
 * that must all show the same.
 */
export async function initCa(terminal: Terminal, directory: string, { server }: InitOptions = {}): Promise<void> {
  const { developmentIdentity, ensureDeviceCa } = await identity();
  const { certificate } = await usable(() => ensureDeviceCa(resolve(directory), Date.now()));
  terminal.out(join(directory, 'device-ca.crt'));
  terminal.note(`${certificate.subject}, valid until ${certificate.notAfter.toISOString()}; its key lies beside it`);
  if (server) {
    const files = { directory: resolve(directory), hosts: server, now: Date.now };
    const made = await usable(() => developmentIdentity(files).material());
    terminal.out(join(directory, 'server.crt'));
    const { subject, notAfter } = made.certificate;
    terminal.note(`${subject}, valid until ${notAfter.toISOString()}; devices trust it by ca.crt beside it`);
  }
  terminal.next(`tutti pki issue NAME --ca ${directory}`);
}

export interface IssueOptions {
  readonly ca?: string;
  readonly out?: string;
  readonly days?: number;
}

/** `tutti pki issue NAME`: a key and a certificate for one device. Never writes over a key that is there. */
export async function issue(terminal: Terminal, name: string, options: IssueOptions): Promise<void> {
  const ca = options.ca ?? join(hostData(terminal.env), 'pki');
  const out = options.out ?? `./${name}`;
  const { ensureDeviceCa, issueDeviceCertificate, SigningKey } = await identity();
  const { createFile, makePrivateDirectory, modes, readIfThere } = await files();
  if (/[\p{Cc}/\\]/u.test(name) || name.trim() === '') throw invalid(`"${name}" cannot be a device's name`);
  // A host makes one only where it is asked for: with TUTTI_ONBOARDING=approve or open it does without.
  const advice = `make one with "tutti pki init ${ca}", or name the directory of another with --ca`;
  if ((await usable(() => readIfThere(join(ca, 'device-ca.crt')))) === undefined) {
    throw invalid(`there is no device CA in ${ca} (device-ca.crt)`, advice);
  }
  const authority = await usable(() => ensureDeviceCa(ca, Date.now()), advice);
  const key = SigningKey.generate();
  const { days } = options;
  const { pem, notAfter } = await issueDeviceCertificate(authority, {
    name,
    key: key.verificationKey,
    now: Date.now(),
    ...(days !== undefined && { days }),
  });
  const paths = { key: join(out, 'device.key'), certificate: join(out, 'device.crt') };
  await usable(async () => {
    await makePrivateDirectory(out);
    for (const path of [paths.key, paths.certificate]) {
      if ((await readIfThere(path)) !== undefined) throw failed(`${path} is there already; it is not written over`);
    }
    await createFile(paths.key, key.exportPem(), modes.key);
    await createFile(paths.certificate, pem, modes.certificate);
  });
  terminal.out(paths.certificate);
  terminal.note(`${name}, valid until ${notAfter.toISOString()}; its key is ${paths.key}`);
  terminal.next(`put both into the identity folder of the agent's data directory, or start it there`);
}

/** `tutti pki show FILE` */
export async function showCertificates(terminal: Terminal, file: string): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  const { parseCertificates } = await identity();
  const all = await usable(async () => parseCertificates(await readFile(file)));
  const texts = all.map(({ subject, issuer, serialNumber, notBefore, notAfter, fingerprint256, key, x509 }) =>
    fields([
      ['Subject', subject],
      ['Issuer', issuer],
      ['Serial', serialNumber],
      ['Valid from', notBefore.toISOString()],
      ['Valid until', notAfter.toISOString()],
      ['Key', key.kind],
      ['CA', x509.ca ? 'yes' : 'no'],
      ['Names', x509.subjectAltName],
      ['SHA-256', fingerprint256],
    ]),
  );
  terminal.out(texts.join('\n\n'));
}

/** What a library says of files is what the person has to know. */
async function usable<T>(work: () => Promise<T>, advice?: string): Promise<T> {
  const { CertificateFault } = await identity();
  const { IdentityFileFault } = await files();
  try {
    return await work();
  } catch (error) {
    const system = error instanceof Error && 'code' in error && typeof error.code === 'string';
    if (error instanceof CertificateFault || error instanceof IdentityFileFault || system) {
      throw invalid(reasonOf(error), advice, { cause: error });
    }
    throw error;
  }
}
