import { literal } from './literal.js';

/** What differs from run to run: times, durations, digests and ids. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UUID'],
  [/\bsha(256|512)(:|-)(?:[A-Za-z0-9+/=]{8,}(\.\.\.)?|\.\.\.)/g, 'DIGEST'],
  [/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g, 'TIME'],
  [/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, 'ULID'],
  [/\b\d+(\.\d+)? (ms|s)\b/g, 'DURATION'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{8}\b/g, 'ID'],
  [/\bseed( +)\d+/g, 'seed N'],
];

/**
 * Whether a command put out what its page shows. `...` stands for any text of a line, alone on a line for any lines.
 * Widths of columns, empty lines, and what differs from run to run do not count.
 */
export function isAsShown(shown: string, found: string): boolean {
  const pattern = linesOf(shown).map((line) =>
    line === '...' ? '(?:[^\n]*\n)*?' : `${line.split('...').map(literal).join('[^\n]*')}\n`,
  );
  return new RegExp(`^${pattern.join('')}$`).test(
    linesOf(found)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

function linesOf(text: string): string[] {
  const same = varying.reduce((known, [form, name]) => known.replace(form, name), text);
  return same
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}
