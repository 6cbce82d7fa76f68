import { expect, it } from 'vitest';
import { jsonLines } from './json-lines.js';

async function read(...chunks: (string | Uint8Array)[]): Promise<unknown[]> {
  async function* stream(): AsyncGenerator<string | Uint8Array> {
    yield* chunks;
  }
  const values: unknown[] = [];
  for await (const value of jsonLines(stream())) values.push(value);
  return values;
}

it('reads lines however they were cut', async () => {
  expect(await read('{"a":1}\n{"b"', ':2}\r\n\n', '3')).toEqual([{ a: 1 }, { b: 2 }, 3]);
});

it('reads a character that two chunks share', async () => {
  const bytes = Buffer.from('"ü"\n');
  expect(await read(bytes.subarray(0, 2), bytes.subarray(2))).toEqual(['ü']);
});
