import { printable } from './printable.js';

/** One line of a description: a name and its value, or a heading with what is below it. */
export type Field = readonly [name: string, value: string | readonly string[] | undefined];

/** Names and values below each other, as in `tutti describe`; what has no value is left out. */
export function fields(all: readonly Field[]): string {
  const shown = all.filter(([, value]) => value !== undefined && value.length > 0);
  const width = Math.max(0, ...shown.flatMap(([name, value]) => (typeof value === 'string' ? name.length : 0))) + 3;
  return shown
    .map(([name, value]) =>
      typeof value === 'string'
        ? `${`${name}:`.padEnd(width)}${indented(value, width)}`
        : [`${name}:`, ...(value ?? []).map((line) => `  ${indented(line, 2)}`)].join('\n'),
    )
    .join('\n');
}

function indented(text: string, by: number): string {
  return text
    .split('\n')
    .map(printable)
    .join(`\n${' '.repeat(by)}`);
}
