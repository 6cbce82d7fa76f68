import { describe, expect, it } from 'vitest';
import { EventParser } from './event-stream.js';

const text =
  '\uFEFF: hello\r\nid: 1\ndata: {"a":\ndata: 1}\n\nevent: note\rdata:2\r\rid\ndata:  3\nretry: 5\nunknown: x\n\nid: 9\n\ndata\n\ndata: half';
const events = [{ id: '1', data: '{"a":\n1}' }, { event: 'note', data: '2' }, { data: ' 3' }, { data: '' }];

describe('server-sent events', () => {
  it('are the same, whatever the pieces that they come in', () => {
    for (let size = 1; size <= text.length; size++) {
      const parser = new EventParser(1000);
      const found = [];
      for (let from = 0; from < text.length; from += size) found.push(...parser.push(text.slice(from, from + size)));
      expect(found, `in pieces of ${size}`).toEqual(events);
    }
  });

  it('have no more than so many characters', () => {
    const parser = new EventParser(10);
    expect(parser.push('data: 12345\n\ndata: 12345\n\n')).toHaveLength(2);
    expect(() => parser.push('data: 123456\ndata: 12345\n')).toThrow(/more than 10/);
    expect(() => new EventParser(10).push('data: 1234567')).toThrow(/more than 10/);
  });
});
