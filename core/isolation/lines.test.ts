import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { eachLine } from './lines.js';

async function linesOf(...chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  eachLine(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await finished(stream);
  return lines;
}

it('hands over line by line, whatever the chunks are', async () => {
  const umlaut = Buffer.from('ü');
  expect(await linesOf('one\ntw', 'o\r\n\nth', umlaut.subarray(0, 1), umlaut.subarray(1), 'ree')).toEqual([
    'one',
    'two',
    'thüree',
  ]);
});

it('keeps no line that never ends', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  eachLine(stream, (line) => lines.push(line));
  stream.write('x'.repeat(40_000));
  await new Promise(setImmediate);
  expect(lines.map(({ length }) => length)).toEqual([16_384, 16_384, 7_232]);
});
