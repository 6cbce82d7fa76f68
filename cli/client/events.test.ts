import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { eventData } from './events.js';

async function read(...chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const body = Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );
  return Readable.from(eventData(body)).toArray();
}

describe('eventData', () => {
  it('reads events however they are cut', async () => {
    const text = ': still here\n\nid: 1\nevent: change\ndata: {"a":1}\n\ndata:two\ndata: lines\r\n\r\ndata: ü\n\n';
    const whole = ['{"a":1}', 'two\nlines', 'ü'];
    expect(await read(text)).toEqual(whole);
    const bytes = Buffer.from(text);
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(await read(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(whole);
    }
  });

  it('leaves out what never came to its end', async () => {
    expect(await read('data: one\n\ndata: tw')).toEqual(['one']);
  });
});
