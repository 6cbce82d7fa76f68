import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLoopback } from '../../core/operation/local.js';
import { exitCodes } from '../exit-codes.js';
import { CommandFailure, invalid, reasonOf } from '../failure.js';

/** What the command line says about the host to talk to. */
export interface ConnectionOptions {
  readonly server?: string;
  readonly ca?: string;
  readonly tokenFile?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A host and how to get in. */
export interface Connection {
  /** Of the operator API, without a slash at the end. */
  readonly base: string;
  /** `host:port` of the server. */
  readonly host: string;
  /** File of the CA that is trusted; the system's CAs unless given. */
  readonly caFile: string | undefined;
  /** Its PEM. */
  readonly ca: string | undefined;
  readonly token: string;
  /** Where the token comes from, for a person. */
  readonly tokenFrom: string;
}

const operatorPath = '/nbi/v1';

/** Where the host on this machine keeps its data: TUTTI_DATA, else the default of config/wfm.yaml. */
export function hostData(env: Environment): string {
  return given(env['TUTTI_DATA']) ?? join('data', 'wfm');
}

/** @throws CommandFailure when an address, a file or the token is missing or cannot be used */
export async function resolveConnection(options: ConnectionOptions, env: Environment): Promise<Connection> {
  const { base, host } = serverAddress(options, env);
  const [ca, token] = await Promise.all([readCa(options, env), readToken(options, env)]);
  return { base, host, ...ca, ...token };
}

/** @throws CommandFailure for what cannot be a server's address */
export function serverAddress({ server }: ConnectionOptions, env: Environment): Pick<Connection, 'base' | 'host'> {
  return address(server ?? given(env['TUTTI_SERVER']) ?? 'https://localhost:8443');
}

/** The server's certificate authority, without the token. */
export async function readCa(
  options: Pick<ConnectionOptions, 'ca'>,
  env: Environment,
): Promise<Pick<Connection, 'ca' | 'caFile'>> {
  const wanted = options.ca ?? given(env['TUTTI_CA']);
  const usual = join(hostData(env), 'pki', 'ca.crt');
  const caFile = wanted ?? ((await isThere(usual)) ? usual : undefined);
  if (caFile === undefined) return { caFile, ca: undefined };
  try {
    return { caFile, ca: await readFile(caFile, 'utf8') };
  } catch (cause) {
    throw invalid(
      `the CA file cannot be read: ${reasonOf(cause)}`,
      "name the server's CA with --ca FILE or TUTTI_CA; a host keeps it at $TUTTI_DATA/pki/ca.crt",
      { cause },
    );
  }
}

async function readToken(
  options: ConnectionOptions,
  env: Environment,
): Promise<Pick<Connection, 'token' | 'tokenFrom'>> {
  const direct = given(env['TUTTI_TOKEN']);
  if (options.tokenFile === undefined && direct !== undefined) return { token: direct, tokenFrom: 'TUTTI_TOKEN' };
  const file = options.tokenFile ?? given(env['TUTTI_TOKEN_FILE']) ?? join(hostData(env), 'admin.token');
  try {
    const token = (await readFile(file, 'utf8')).trim();
    if (token !== '' && /^[\x21-\x7e]+$/.test(token)) return { token, tokenFrom: file };
  } catch (cause) {
    throw denied(`no API token: ${reasonOf(cause)}`, { cause });
  }
  throw denied(`no API token: ${file} holds none`);
}

function denied(message: string, options?: ErrorOptions): CommandFailure {
  const advice =
    'name a file with --token-file FILE or TUTTI_TOKEN_FILE, or set TUTTI_TOKEN; a host leaves the first one at $TUTTI_DATA/admin.token';
  return new CommandFailure(exitCodes.denied, message, advice, options);
}

function address(text: string): Pick<Connection, 'base' | 'host'> {
  const wrong = (why: string): CommandFailure =>
    invalid(`"${text}" cannot be the server: ${why}`, 'give --server or TUTTI_SERVER as https://host:port');
  if (!URL.canParse(text)) throw wrong('it is no URL');
  const url = new URL(text);
  const local = isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) {
    throw wrong('it must be https, since a token is sent; http is for this machine alone');
  }
  if (url.username !== '' || url.password !== '') throw wrong('credentials do not belong in it');
  const path = url.pathname.replace(/\/+$/, '');
  return { base: url.origin + (path === '' ? operatorPath : path), host: url.host };
}

/** A variable that is set to nothing is not set. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    // Whatever the reason: it is not what was asked for, only a usual place.
    return false;
  }
}
