import type { Transport } from '../../core/ports/transport.js';
import { invalid } from '../failure.js';
import type { Connection, Scheme } from './connection.js';

type Open = (to: Connection) => Promise<Transport>;

/** What speaks a scheme; its library is loaded when it is used. */
const transports: Partial<Record<Scheme, Open>> = { https: overHttp, http: overHttp };

/** @throws CommandFailure when nothing here speaks the scheme */
export async function connect(to: Connection): Promise<Transport> {
  const open = transports[to.scheme];
  if (!open) throw invalid(`${to.scheme} is not spoken yet`, 'name the host with https://');
  return open(to);
}

async function overHttp({ url, caFile: ca }: Connection): Promise<Transport> {
  const { httpTransport } = await import('../../providers/transport/http/index.js');
  return httpTransport({ url, ca });
}
