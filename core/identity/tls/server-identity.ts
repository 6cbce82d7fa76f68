import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import type { Certificate } from '../certificate/index.js';
import { parseCertificates } from '../certificate/index.js';
import { issueServerCertificate, serverHosts } from '../certificate/issue.js';
import { ensureAuthority, ensureKey, mustFit, readCertificate, readKey, writeCertificate } from './authority-files.js';
import { IdentityFileFault, makePrivateDirectory, readIfThere } from './files.js';
import { watchDirectories } from './watch.js';

/** What a TLS server is started with; `cert` and `key` go into node:tls as they are. */
export interface ServerMaterial {
  /** PEM: the server's certificate, then the intermediates. */
  readonly cert: string;
  /** PEM. Never logged. */
  readonly key: string;
  /** The server's own certificate. */
  readonly certificate: Certificate;
  /** PEM of the CAs of client certificates, where the server asks for them. */
  readonly clientCa?: string;
}

/** A server's key and certificate on disk. */
export interface ServerIdentity {
  /** The certificate that clients are given to trust: of the development CA, or as configured. */
  readonly caFile: string | undefined;
  /**
   * The material as it is now; where a development CA is at hand, made or renewed if it must be.
   *
   * @throws IdentityFileFault when a file is missing or damaged, or the certificate is not for the key
   */
  material(): Promise<ServerMaterial>;
  /**
   * Tells of every change since the material was handed out last, until the signal aborts, and of faults met on the
   * way: files are replaced one by one, so that a fault may pass by itself. `onChange` comes after each that passed.
   */
  watch(onChange: (material: ServerMaterial) => void, signal: AbortSignal, onFault: (fault: unknown) => void): void;
}

export interface DevelopmentOptions {
  readonly directory: string;
  /** Names and addresses under which the server is reached, beside localhost. */
  readonly hosts?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** PEM file of the CAs of client certificates. */
  readonly clientCa?: string;
}

/** A certificate with less than this left is replaced on the next start. */
const renewBefore = 30 * 86_400_000;

/**
 * A server identity under a CA of its own: `ca.crt`, `ca.key`, `server.crt`, `server.key`. All are made on first use
 * and kept; the server's certificate is made anew, for the same key, when it nears its end or lacks a wanted host.
 */
export function developmentIdentity(options: DevelopmentOptions): ServerIdentity {
  const { directory, now } = options;
  const hosts = options.hosts ?? [];
  const caFile = join(directory, 'ca.crt');
  const files = { certificate: join(directory, 'server.crt'), key: join(directory, 'server.key') };

  const material = async (): Promise<ServerMaterial> => {
    await makePrivateDirectory(directory);
    const key = await ensureKey(files.key);
    const text = await readIfThere(files.certificate);
    const present = text === undefined ? undefined : readCertificate(files.certificate, text);
    const ca = await readIfThere(caFile);
    const issuer = ca === undefined ? undefined : readCertificate(caFile, ca);
    if (present !== undefined && issuer !== undefined && isGood(present, issuer, hosts, now())) {
      if (present.key.thumbprint === key.thumbprint)
        return { cert: present.pem, key: key.exportPem(), certificate: present };
    }
    const authority = await ensureAuthority({ directory, base: 'ca', commonName: 'Tutti development CA', now: now() });
    // Together with the hosts that it has: another server of this host may need those, and would make it anew again.
    const all = [...hosts, ...(present === undefined ? [] : hostsOf(present))];
    const made = await issueServerCertificate(authority, { hosts: all, key: key.verificationKey, now: now() });
    await writeCertificate(files.certificate, made);
    return { cert: made.pem, key: key.exportPem(), certificate: made };
  };
  return identity(caFile, [directory], withClientCa(material, options.clientCa), options.clientCa);
}

export interface ConfiguredFiles {
  /** PEM: the server's certificate, then the intermediates. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** PEM of the CA that clients are given to trust. */
  readonly ca?: string;
  /** PEM of the CAs of client certificates. */
  readonly clientCa?: string;
}

/** A server identity from files that somebody else keeps. */
export function configuredIdentity(files: ConfiguredFiles): ServerIdentity {
  const material = async (): Promise<ServerMaterial> => {
    const cert = await mustRead(files.certificate);
    const key = readKey(files.key, await mustRead(files.key));
    const certificate = readFirst(files.certificate, cert);
    mustFit(files.certificate, certificate, key);
    return { cert, key: key.exportPem(), certificate };
  };
  const directories = [dirname(files.certificate), dirname(files.key)];
  return identity(files.ca, directories, withClientCa(material, files.clientCa), files.clientCa);
}

function withClientCa(load: () => Promise<ServerMaterial>, file: string | undefined): () => Promise<ServerMaterial> {
  if (file === undefined) return load;
  return async () => {
    const clientCa = await mustRead(file);
    // An empty file would have Node trust the CAs of the whole world.
    readFirst(file, clientCa);
    return { ...(await load()), clientCa };
  };
}

function identity(
  caFile: string | undefined,
  directories: readonly string[],
  load: () => Promise<ServerMaterial>,
  clientCa: string | undefined,
): ServerIdentity {
  const watched = new Set([...directories, ...(clientCa === undefined ? [] : [dirname(clientCa)])]);
  let handedOut: string | undefined;
  const fingerprint = (one: ServerMaterial): string =>
    `${one.cert}\n${one.certificate.key.thumbprint}\n${one.clientCa ?? ''}`;
  return {
    caFile,
    async material() {
      const loaded = await load();
      handedOut = fingerprint(loaded);
      return loaded;
    },
    watch(onChange, signal, onFault) {
      const reload = async (): Promise<void> => {
        try {
          const loaded = await load();
          const print = fingerprint(loaded);
          if (print === handedOut) return;
          handedOut = print;
          onChange(loaded);
        } catch (fault) {
          // Whatever comes next is news, also what was there before the fault.
          handedOut = undefined;
          onFault(fault);
        }
      };
      watchDirectories([...watched], reload, signal, onFault);
    },
  };
}

/** Names and addresses that a certificate is for, as Node words them: `DNS:localhost, IP Address:127.0.0.1`. */
function hostsOf({ x509 }: Certificate): string[] {
  const names = x509.subjectAltName?.split(', ') ?? [];
  return names.map((name) => name.replace(/^(?:DNS|IP Address):/, ''));
}

function isGood(present: Certificate, issuer: Certificate, hosts: readonly string[], now: number): boolean {
  const covered = serverHosts(hosts).every(
    (host) => (isIP(host) ? present.x509.checkIP(host) : present.x509.checkHost(host)) !== undefined,
  );
  const fresh = present.notBefore.getTime() <= now && present.notAfter.getTime() - now > renewBefore;
  return covered && fresh && present.x509.verify(issuer.key.publicKey) && issuer.notAfter.getTime() > now;
}

async function mustRead(file: string): Promise<string> {
  const text = await readIfThere(file);
  if (text === undefined) throw new IdentityFileFault(file, 'does not exist');
  return text;
}

function readFirst(file: string, pem: string): Certificate {
  try {
    const [first] = parseCertificates(pem);
    if (first !== undefined) return first;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IdentityFileFault(file, `is no usable certificate (${why})`, { cause });
  }
  throw new IdentityFileFault(file, 'holds no certificate');
}
