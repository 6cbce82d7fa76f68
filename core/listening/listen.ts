import { once } from 'node:events';
import { type AddressInfo, isIPv6, type Server } from 'node:net';

/**
 * Starts to listen.
 *
 * @param port 0 takes any free one
 * @returns `127.0.0.1:8443`, as it stands in a URL
 * @throws Error that says what is wrong with the address, and what to do
 */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(faultOf(cause, host, port), { cause });
  }
  const { port: taken } = server.address() as AddressInfo;
  return `${isIPv6(host) ? `[${host}]` : host}:${taken}`;
}

function faultOf(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is taken by another program, or by another entry of this profile; choose another port`;
    case 'EACCES':
      return `port ${port} may not be listened on by this user; take one above 1023`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine`;
    default:
      return `cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
