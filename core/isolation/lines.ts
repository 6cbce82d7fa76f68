import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Characters of the longest line that stays one: who never ends a line must not fill the memory. */
const longest = 16_384;

/** Hands over text line by line, without line breaks and empty lines. */
export function eachLine(from: Readable, take: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const tell = (line: string): void => {
    for (let at = 0; at < line.length; at += longest) take(line.slice(at, at + longest));
  };
  from.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) tell(line);
    if (rest.length < longest) return;
    tell(rest);
    rest = '';
  });
  from.on('end', () => tell(rest));
}
