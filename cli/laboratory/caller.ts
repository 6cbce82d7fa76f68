import { bearer, type ClientSettings, call, type Transport } from '../../core/plugin/index.js';
import { operations, pageTag, token } from './operations.js';

/** A caller of one subject, over connections of its own. Every method rejects when the answer is not the expected one. */
export interface Caller {
  small(n: number): Promise<void>;
  /** @returns bytes of the representation */
  page(): Promise<number>;
  /** A conditional request for what has not changed. */
  poll(): Promise<void>;
  /** @returns how many events came */
  stream(): Promise<number>;
  /**
   * Resolves when the listener is heard. What comes later goes to `heard`.
   * @returns how to stop listening
   */
  listen(heard: (n: number) => void): Promise<() => void>;
  close(): Promise<void>;
}

/** A caller by the transport that belongs to a binding: for bindings that no bare library stands beside. */
export function transportCaller(transport: Transport): Caller {
  const settings: ClientSettings = { transport, prefix: '', credentials: bearer(token) };
  const listeners = new AbortController();
  return {
    small: async (n) => {
      const { kind } = await call(settings, operations.small, { name: 'press-7', n });
      expect(kind, 'value');
    },
    page: async () => {
      const answer = await call(settings, operations.page, {});
      if (answer.kind !== 'representation') throw unexpected(answer.kind);
      return answer.bytes.byteLength;
    },
    poll: async () => {
      const { kind } = await call(settings, operations.page, {}, { ifNoneMatch: pageTag });
      expect(kind, 'not-modified');
    },
    stream: async () => {
      const answer = await call(settings, operations.stream, {});
      if (answer.kind !== 'stream') throw unexpected(answer.kind);
      let count = 0;
      for await (const _ of answer.items) count++;
      return count;
    },
    listen: async (heard) => {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, listeners.signal]);
      const answer = await call(settings, operations.listen, {}, { signal });
      if (answer.kind !== 'stream') throw unexpected(answer.kind);
      const items = answer.items[Symbol.asyncIterator]();
      await items.next();
      void follow(items, heard, signal);
      return () => stop.abort();
    },
    close: async () => {
      listeners.abort();
      await transport.close();
    },
  };
}

async function follow(
  items: AsyncIterator<{ readonly data: { readonly n: number } }>,
  heard: (n: number) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let next = await items.next(); next.done !== true; next = await items.next()) heard(next.value.data.n);
  } catch (error) {
    // It was told to stop; a stream that breaks shows as an event that is never heard.
    if (!signal.aborted) throw error;
  }
}

function expect(found: string, expected: string): void {
  if (found !== expected) throw unexpected(found);
}

function unexpected(kind: string): Error {
  return new Error(`the subject answered with ${kind}, which nobody had asked for`);
}
