import { once } from 'node:events';
import { connect } from 'node:net';
import type { Answer } from '../device-api/http.js';

export interface RawOptions {
  /** Closes the sending side after the last byte, as a client does that has no more to say. */
  readonly half?: boolean;
}

/** Sends bytes as they are and gives the first answer, or `undefined` when the server just hangs up. */
export async function raw(
  origin: string,
  bytes: string | Uint8Array,
  options: RawOptions = {},
): Promise<Answer | undefined> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  await once(socket, 'connect');
  // Bytes that nobody takes any more are what many of these tests are about.
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  if (options.half) socket.end();
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      const answer = parsed(Buffer.concat(chunks));
      if (answer) return answer;
    }
    return undefined;
  } catch {
    return parsed(Buffer.concat(chunks));
  } finally {
    socket.destroy();
  }
}

function parsed(received: Buffer): Answer | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const length = Number(headers['content-length'] ?? '0');
  const bytes = received.subarray(end + 4, end + 4 + length);
  if (bytes.byteLength < length) return undefined;
  const text = bytes.toString();
  return { status: Number(first.split(' ')[1]), headers, bytes, text, json: jsonOf(text) };
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
