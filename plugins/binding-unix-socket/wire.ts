import type { Socket } from 'node:net';
import type { StreamItem } from 'tutti/plugin';

/** Scheme and authority of this host in what callers sign: a socket has neither, so both ends agree on these. */
export const origin = 'unix://host';

/** What a caller sends: one line on a connection of its own. To give up is to close the connection. */
export interface CallLine {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The fields of the call under the names of HTTP: credentials, conditions, keys. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout: number;
}

/** What the host sends: one line, but for a stream also one for each item and one for its end. */
export type AnswerLine =
  | { readonly kind: 'value' | 'empty' | 'not-modified' | 'representation'; readonly [member: string]: unknown }
  | { readonly kind: 'problem'; readonly problem: Record<string, unknown>; readonly challenges: readonly string[] }
  | { readonly kind: 'stream' | 'end' }
  | { readonly kind: 'item'; readonly item: StreamItem<unknown> };

/** Bytes of a line that are not input or answer: names, fields, punctuation. */
export const overhead = 64 * 1024;

/** A line that is none. */
export class LineFault extends Error {
  override readonly name = 'LineFault';
  constructor(
    readonly reason: 'too-long' | 'unreadable',
    message: string,
  ) {
    super(message);
  }
}

/** Writes a line; resolves when there is room for another, so that a slow reader slows the writer down. */
export async function writeLine(socket: Socket, line: CallLine | AnswerLine): Promise<void> {
  if (socket.destroyed || socket.write(`${JSON.stringify(line)}\n`)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/**
 * The lines of a socket. They are read as they are asked for: who stops asking stops the other end.
 *
 * @param limit bytes of the longest line that is taken
 * @throws LineFault
 */
export async function* readLines(socket: Socket, limit: number): AsyncGenerator<unknown, void, undefined> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (length + end > limit) throw tooLong(limit);
      const line = parse(Buffer.concat([...pieces, rest.subarray(0, end)]));
      rest = rest.subarray(end + 1);
      pieces = [];
      length = 0;
      yield line;
    }
    length += rest.byteLength;
    if (length > limit) throw tooLong(limit);
    if (rest.byteLength > 0) pieces.push(rest);
  }
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)) as unknown;
  } catch {
    throw new LineFault('unreadable', 'a line is not JSON in UTF-8');
  }
}

function tooLong(limit: number): LineFault {
  return new LineFault('too-long', `a line may have at most ${limit} bytes`);
}
