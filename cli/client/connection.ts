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

/** Whether a connection of a scheme is safe from others: one that is not is for this machine alone, since a token is sent. */
const safe = { https: true, http: false, grpcs: true, grpc: false, mqtts: true, mqtt: false } as const;
export type Scheme = keyof typeof safe;

/** Where a host is. */
export interface Server {
  readonly scheme: Scheme;
  /** What a transport connects to: without the path of the operator API. Over MQTT it is the broker. */
  readonly url: string;
  /** Path of the operator API. */
  readonly prefix: string;
  /** The address of the operator API, for a person. */
  readonly base: string;
  /** `host:port` of the server. */
  readonly host: string;
  /** MQTT: whom the broker knows us as. */
  readonly username?: string;
  /** MQTT: what the topics of the host begin with. */
  readonly root?: string;
}

/** A host and how to get in. */
export interface Connection extends Server {
  /** PEM file of the CA that is trusted; the system's CAs unless given. */
  readonly caFile: string | undefined;
  /** MQTT: holds the password that the broker wants. */
  readonly brokerPasswordFile: string | undefined;
  readonly token: string;
  /** Where the token comes from, for a person. */
  readonly tokenFrom: string;
}

/** A host, and how to get in where there is anything to show: hosts without users are called as well. */
export type OpenConnection = Omit<Connection, 'token' | 'tokenFrom'> & Partial<Pick<Connection, 'token' | 'tokenFrom'>>;

const operatorPath = '/nbi/v1';
/** As the MQTT binding takes it for the root of its topics. */
const topicLevel = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;
const notScheme =
  'it must begin with https://, grpcs:// or mqtts://, and for this machine with these or http://, grpc:// or mqtt://';
const notRoot =
  "what follows a broker is the root of the host's topics: one level of lower-case letters, digits, dots and dashes";

/** Where the host on this machine keeps its data: TUTTI_DATA, else the default of config/wfm.yaml. */
export function hostData(env: Environment): string {
  return given(env['TUTTI_DATA']) ?? join('data', 'wfm');
}

/** @throws CommandFailure when an address, a file or the token is missing or cannot be used */
export async function resolveConnection(options: ConnectionOptions, env: Environment): Promise<Connection> {
  const server = serverAddress(options, env);
  const [caFile, token] = await Promise.all([findCa(options, env), readToken(options, env)]);
  return { ...server, caFile, brokerPasswordFile: given(env['TUTTI_BROKER_PASSWORD_FILE']), ...token };
}

/** As {@link resolveConnection}, but a token that is neither named nor in its usual place is not missed. */
export async function resolveOpenConnection(options: ConnectionOptions, env: Environment): Promise<OpenConnection> {
  const named = options.tokenFile ?? given(env['TUTTI_TOKEN']) ?? given(env['TUTTI_TOKEN_FILE']);
  if (named !== undefined || (await isThere(usualTokenFile(env)))) return resolveConnection(options, env);
  const server = serverAddress(options, env);
  const caFile = await findCa(options, env);
  return { ...server, caFile, brokerPasswordFile: given(env['TUTTI_BROKER_PASSWORD_FILE']) };
}

/** The path that a proxy puts before everything of the host; mostly none. */
export function pathBefore({ prefix }: Server): string {
  return prefix.endsWith(operatorPath) ? prefix.slice(0, -operatorPath.length) : '';
}

/** @throws CommandFailure for what cannot be a server's address */
export function serverAddress({ server }: ConnectionOptions, env: Environment): Server {
  return address(server ?? given(env['TUTTI_SERVER']) ?? 'https://localhost:8443');
}

/** The file of the server's certificate authority. @throws CommandFailure for one that cannot be read */
export async function findCa(options: Pick<ConnectionOptions, 'ca'>, env: Environment): Promise<string | undefined> {
  const wanted = options.ca ?? given(env['TUTTI_CA']);
  const usual = join(hostData(env), 'pki', 'ca.crt');
  const caFile = wanted ?? ((await isThere(usual)) ? usual : undefined);
  if (caFile === undefined) return undefined;
  try {
    await readFile(caFile);
    return caFile;
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
  const file = options.tokenFile ?? given(env['TUTTI_TOKEN_FILE']) ?? usualTokenFile(env);
  try {
    const token = (await readFile(file, 'utf8')).trim();
    if (token !== '' && /^[\x21-\x7e]+$/.test(token)) return { token, tokenFrom: file };
  } catch (cause) {
    throw denied(`no API token: ${reasonOf(cause)}`, { cause });
  }
  throw denied(`no API token: ${file} holds none`);
}

function usualTokenFile(env: Environment): string {
  return join(hostData(env), 'admin.token');
}

function denied(message: string, options?: ErrorOptions): CommandFailure {
  const advice =
    'name a file with --token-file FILE or TUTTI_TOKEN_FILE, or set TUTTI_TOKEN; a host leaves the first one at $TUTTI_DATA/admin.token';
  return new CommandFailure(exitCodes.denied, message, advice, options);
}

function address(text: string): Server {
  const wrong = (why: string): CommandFailure =>
    invalid(
      `"${withoutPassword(text)}" cannot be the server: ${why}`,
      'give --server or TUTTI_SERVER as https://host:port, or with grpcs or mqtts before it',
    );
  if (!URL.canParse(text)) throw wrong('it is no URL');
  const { protocol, hostname, host, pathname, username, password } = new URL(text);
  const scheme = protocol.slice(0, -1);
  if (!isScheme(scheme)) throw wrong(notScheme);
  if (host === '') throw wrong('it names no host');
  if (!safe[scheme] && !isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'))) {
    throw wrong(`it must be ${scheme}s, since a token is sent; ${scheme} is for this machine alone`);
  }
  const path = pathname.replace(/\/+$/, '');
  const mqtt = scheme === 'mqtt' || scheme === 'mqtts';
  if (password !== '' || (username !== '' && !mqtt)) throw wrong('credentials do not belong in it');
  if (mqtt) {
    const url = `${scheme}://${host}`;
    const user = decoded(username);
    if (path !== '' && !topicLevel.test(path.slice(1))) throw wrong(notRoot);
    if (user === undefined) throw wrong('its user has a % that begins no escape of UTF-8');
    return {
      ...{ scheme, url, prefix: operatorPath, base: url + path, host },
      ...(user !== '' && { username: user }),
      ...(path !== '' && { root: path.slice(1) }),
    };
  }
  const url = `${scheme}://${host}`;
  const prefix = path === '' ? operatorPath : path;
  return { scheme, url, prefix, base: url + prefix, host };
}

/** @returns `undefined` for what is not percent-encoded UTF-8 */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isScheme(scheme: string): scheme is Scheme {
  return Object.hasOwn(safe, scheme);
}

function withoutPassword(text: string): string {
  return text.replace(/(\/\/[^/?#@:]*):[^/?#]*@/, '$1:...@');
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
