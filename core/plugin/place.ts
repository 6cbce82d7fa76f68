import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stackOf } from './thrown.js';

/** A line of a stack, or the head of one that Node has put the place of an error before. */
const frame = /^(?:\s+at (?:.*? \()?(?:async )?)?(.+?):(\d+)(?::\d+)?\)?$/;

/**
 * The innermost line of a folder's own code that an error comes from: `<file>:<line>`. What it has installed is not its
 * own. There is no column: of TypeScript, which is compiled line by line, it would be one of the code that was made.
 *
 * @param folders absolute, ways to the same one
 */
export function placeIn(folders: readonly string[], error: unknown): string | undefined {
  for (const line of stackOf(error).split('\n')) {
    const [, file = '', number] = frame.exec(line) ?? [];
    for (const folder of folders) {
      const within = [folder + sep, `${pathToFileURL(folder).href}/`].find((start) => file.startsWith(start));
      if (within === undefined) continue;
      const rest = file.slice(within.length);
      if (!rest.split(/[/\\]/).includes('node_modules')) return `${join(folder, rest)}:${number}`;
    }
  }
  return undefined;
}
