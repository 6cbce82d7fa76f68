import { readFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectSecure } from 'node:tls';
import { isLoopback } from '../../../core/operation/index.js';

/** A broker as a config names it; files are absolute, or relative to the working directory. */
export interface BrokerAddress {
  /** `mqtts://host:port`, or `mqtt://` on this machine. */
  readonly url: string;
  /** PEM of the authorities to trust; those of the system unless told. */
  readonly ca?: string | undefined;
  /** PEM of a client certificate, and of its key. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** Why a URL cannot be that of a broker, or `undefined`. */
export function urlFault(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'mqtts:' && parsed?.protocol !== 'mqtt:') return 'expected mqtts://host:port';
  if (parsed.hostname === '') return 'names no host';
  if (parsed.username !== '' || parsed.password !== '') return 'holds credentials; use username and passwordFile';
  if (parsed.protocol === 'mqtt:' && !isLoopback(hostOf(parsed))) {
    return `without TLS only a broker on this machine may be used, not ${parsed.hostname}: use mqtts://`;
  }
  return undefined;
}

/**
 * Reads the files, anew for each connection, so that changed ones are taken up.
 * @returns what opens the connection; its faults are those of the stream
 */
export async function opener({ url, ca, certificate, key }: BrokerAddress): Promise<() => Duplex> {
  const parsed = new URL(url);
  const host = hostOf(parsed);
  const secure = parsed.protocol === 'mqtts:';
  const port = parsed.port === '' ? (secure ? 8883 : 1883) : Number(parsed.port);
  if (!secure) return () => connectPlain({ host, port, noDelay: true });
  const read = async (file: string | undefined): Promise<Buffer | undefined> =>
    file === undefined ? undefined : readFile(file);
  const [trusted, cert, own] = await Promise.all([read(ca), read(certificate), read(key)]);
  return () =>
    connectSecure({
      host,
      port,
      minVersion: 'TLSv1.2',
      ...(trusted && { ca: trusted }),
      ...(cert && { cert }),
      ...(own && { key: own }),
    }).setNoDelay(true);
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
