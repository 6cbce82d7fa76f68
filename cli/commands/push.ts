import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ArtifactReference,
  type ArtifactToPush,
  parseArtifactReference,
  type RegistryCredentials,
  RegistryFault,
} from '../../core/ports/index.js';
import { type ConnectionOptions, findCa, resolveConnection, serverAddress } from '../client/connection.js';
import { exitCodes } from '../exit-codes.js';
import { CommandFailure, type ExitCode, invalid, reasonOf } from '../failure.js';
import { withRegistry } from '../registry.js';
import type { Terminal } from '../terminal.js';

export interface PushOptions extends ConnectionOptions {
  readonly username?: string;
  readonly passwordFile?: string;
  readonly plainHttp?: boolean;
  readonly strict?: boolean;
}

/** `tutti push DIR REF`: a package or a component. Prints the digest. */
export async function push(terminal: Terminal, directory: string, text: string, options: PushOptions): Promise<void> {
  const reference = read(text);
  const { artifact, tag, what, next } = await pack(terminal, directory, reference, options);
  const to: ArtifactReference = { registry: reference.registry, repository: reference.repository, tag };
  const { ca, credentials } = await credentialsFor(to, options, terminal);
  const url = `${options.plainHttp ? 'http' : 'https'}://${to.registry}`;
  terminal.progress(`pushing ${what}`);
  const { digest } = await withRegistry({ url, ca }, async (registry) => {
    try {
      return await registry.push(to, artifact, { signal: terminal.signal, ...(credentials && { credentials }) });
    } catch (error) {
      throw error instanceof RegistryFault ? pushFault(error) : error;
    }
  });
  terminal.out(digest);
  terminal.note(`pushed ${what} to ${to.registry}/${to.repository}:${tag}`);
  terminal.next(next);
}

interface Packed {
  readonly artifact: ArtifactToPush;
  readonly tag: string;
  readonly what: string;
  readonly next: string;
}

async function pack(
  terminal: Terminal,
  directory: string,
  { tag }: ArtifactReference,
  options: PushOptions,
): Promise<Packed> {
  const { findingText, PackFault, packApplication, packComponent } = await import('../../managers/margo/index.js');
  try {
    if (await isThere(join(directory, 'margo.yaml'))) {
      const packed = await packApplication(directory, { strict: options.strict ?? false });
      const { id, version } = packed.description;
      for (const warning of packed.warnings) terminal.note(`warning: ${findingText(warning, 'margo.yaml')}`);
      if (tag !== undefined && tag !== packed.tag) {
        throw invalid(`the tag must be the package's version: ${packed.tag}, not ${tag}`, 'leave the tag out');
      }
      return { ...packed, what: `package ${id} ${version}`, next: 'tutti apply -f package.yaml --wait' };
    }
    const type = await componentType(directory);
    if (tag === undefined) throw invalid('a component needs a version: push it to REPOSITORY:VERSION');
    const version = tag.replaceAll('_', '+');
    const packed = await packComponent(directory, { type, version });
    const next = "name it in a package's margo.yaml, then push the package";
    return { ...packed, what: `${type} component ${version}`, next };
  } catch (error) {
    if (!(error instanceof PackFault)) throw error;
    const findings = error.findings.map((finding) => `\n  ${findingText(finding, 'margo.yaml')}`);
    throw invalid(error.message + findings.join(''), undefined, { cause: error });
  }
}

async function componentType(directory: string): Promise<'process' | 'compose'> {
  const found = await Promise.all(['component.yaml', 'compose.yaml'].map((name) => isThere(join(directory, name))));
  const [process, compose] = found;
  if (process === compose) {
    const why = process
      ? 'both component.yaml and compose.yaml'
      : 'neither margo.yaml nor component.yaml nor compose.yaml';
    throw invalid(
      `${directory} has ${why}`,
      'a package has margo.yaml, a process component.yaml, a compose component compose.yaml',
    );
  }
  return process ? 'process' : 'compose';
}

/** Explicit ones, else the host's token where the registry is the one that the host has built in. */
async function credentialsFor(
  { registry }: ArtifactReference,
  options: PushOptions,
  { env }: Terminal,
): Promise<{ readonly ca: string | undefined; readonly credentials?: RegistryCredentials }> {
  const { username, passwordFile } = options;
  if ((username === undefined) !== (passwordFile === undefined)) {
    throw invalid('--username and --password-file go together');
  }
  if (username !== undefined && passwordFile !== undefined) {
    const ca = options.plainHttp ? undefined : await findCa(options, env);
    return { ca, credentials: { username, password: await readSecret(passwordFile) } };
  }
  const { scheme, host } = serverAddress(options, env);
  const own = scheme.startsWith('http') && host === registry && !options.plainHttp;
  if (!own) return { ca: options.ca };
  const { caFile, token } = await resolveConnection(options, env);
  return { ca: caFile, credentials: { username: 'tutti', password: token } };
}

async function readSecret(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw invalid(`the password file cannot be read: ${reasonOf(cause)}`, undefined, { cause });
  }
}

const faultCodes: Readonly<Record<RegistryFault['reason'], ExitCode>> = {
  'not-found': exitCodes.notFound,
  denied: exitCodes.denied,
  unreachable: exitCodes.unreachable,
  corrupt: exitCodes.failed,
  refused: exitCodes.failed,
  invalid: exitCodes.invalid,
};

function pushFault(fault: RegistryFault): CommandFailure {
  const advice =
    fault.reason === 'denied'
      ? 'give --username and --password-file, or --server and a token for the registry of a host'
      : fault.reason === 'unreachable'
        ? 'is it running? name its CA with --ca FILE; plain http is --plain-http, on this machine alone'
        : undefined;
  return new CommandFailure(faultCodes[fault.reason], fault.message, advice, { cause: fault });
}

function read(text: string): ArtifactReference {
  try {
    const reference = parseArtifactReference(text);
    if (reference.digest === undefined) return reference;
    throw invalid('a digest is what comes out of a push; give a tag');
  } catch (error) {
    throw error instanceof RegistryFault ? invalid(error.message, undefined, { cause: error }) : error;
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
