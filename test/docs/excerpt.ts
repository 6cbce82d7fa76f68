/**
 * Whether a block shows what stands in a file, line after line. Indentation and comments at the end of a line do not
 * count, for a page explains where the file need not; a line `// ...` stands for any lines.
 *
 * @returns the first line that is not there
 */
export function strayLine(excerpt: string, source: string): string | undefined {
  const there = meaningful(source);
  const parts = excerpt.split(/^\s*\/\/ \.\.\.\n/m).map(meaningful);
  let from = 0;
  for (const part of parts) {
    const found = indexOfRun(there, part, from);
    if (found === undefined) return part.find((line) => !there.slice(from).includes(line)) ?? part[0];
    from = found + part.length;
  }
  return undefined;
}

function meaningful(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/(?<!:)\/\/ .*$/, '').trim())
    .filter((line) => line !== '');
}

function indexOfRun(lines: readonly string[], run: readonly string[], from: number): number | undefined {
  const starts = [...lines.keys()].filter((at) => at >= from);
  for (const start of starts) if (run.every((line, offset) => lines[start + offset] === line)) return start;
  return undefined;
}
