import { readFile } from 'node:fs/promises';
import { LineCounter } from 'yaml';
import { FaultCollector } from './faults.js';

export type ReadSource = (path: string) => Promise<string>;

/** @throws {@link ProfileError} when the file cannot be read as text */
export async function readSource(file: string, read: ReadSource = readUtf8): Promise<string> {
  try {
    return await read(file);
  } catch (cause) {
    const faults = new FaultCollector(file, '', new LineCounter());
    const reason = cause instanceof Error ? cause.message : String(cause);
    faults.add('unreadable-file', { start: 0, end: 0 }, [], `the file cannot be read: ${reason}`);
    throw faults.error();
  }
}

async function readUtf8(file: string): Promise<string> {
  const bytes = await readFile(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error('it is not UTF-8 text', { cause });
  }
}
