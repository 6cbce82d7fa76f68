import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegistryCredentials } from '../../../ports/index.js';

/** Who may use a registry, and how they must show it. */
export interface RegistryAccess extends RegistryCredentials {
  /** `bearer`: by a token from the registry's realm (docker's token specification). */
  readonly scheme: 'basic' | 'bearer';
}

const token = 'kit-token-0123456789abcdef';

/** Answers a request for a token. */
export function giveToken(access: RegistryAccess, request: IncomingMessage, response: ServerResponse): void {
  const known = request.headers.authorization === basic(access);
  const body = known ? { token, expires_in: 300 } : { errors: [{ code: 'UNAUTHORIZED', message: 'who are you?' }] };
  response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Whether a request may go on; one that may not is answered with a challenge. */
export function admitted(
  access: RegistryAccess,
  realm: string,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const expected = access.scheme === 'basic' ? basic(access) : `Bearer ${token}`;
  if (request.headers.authorization === expected) return true;
  const name = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(request.url ?? '')?.[1];
  const actions = request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'pull,push';
  const challenge =
    access.scheme === 'basic'
      ? 'Basic realm="kit"'
      : `Bearer realm="${realm}",service="kit",scope="repository:${name}:${actions}"`;
  const body = JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'who are you?' }] });
  response.writeHead(401, { 'www-authenticate': challenge, 'content-type': 'application/json' }).end(body);
  return false;
}

/** What of an exchange with a registry nobody else may see. */
export function confidential({ username, password }: RegistryCredentials): readonly string[] {
  return [password, `${username}:${password}`, token];
}

function basic({ username, password }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
