import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { hasCode } from '../../../core/files/index.js';
import { Serial } from './serial.js';

export interface LogLimits {
  /** A file that grew beyond this is set aside, of it at most so much. */
  readonly bytes: number;
  /** So many files set aside are kept. */
  readonly files: number;
}

const chunk = 64 * 1024;
/** A line is cut here: a program that never ends its line must not fill our memory. */
const longestLine = 16 * 1024;

/**
 * What a component writes, stdout and stderr in one file in the order they came.
 * The process holds the file itself, so that it can go on writing without an agent.
 */
export class LogFiles {
  readonly current: string;
  readonly #serial = new Serial();

  constructor(
    directory: string,
    private readonly limits: LogLimits,
  ) {
    this.current = path.join(directory, 'output.log');
  }

  /**
   * Sets the end of a file that grew too large aside. The process keeps its descriptor, so the content is copied and
   * the file emptied (it is opened for appending); what is written in between the two is lost.
   *
   * All of it is lost when it cannot be set aside, for a log must not be what keeps a disk full.
   * @throws what kept it from being set aside; the file is empty all the same
   */
  rotate(): Promise<void> {
    return this.#serial.run(() => this.#rotate());
  }

  async #rotate(): Promise<void> {
    const size = await this.#size(this.current);
    if (size <= this.limits.bytes) return;
    try {
      await this.#setAside(size);
    } finally {
      await truncate(this.current, 0);
    }
  }

  async #setAside(size: number): Promise<void> {
    if (this.limits.files === 0) return;
    // The oldest goes first: where it was there is room for the newest.
    for (let number = this.limits.files - 1; number >= 1; number -= 1) {
      await this.#renameIfThere(this.#aside(number), this.#aside(number + 1));
    }
    try {
      await pipeline(
        createReadStream(this.current, { start: size - this.limits.bytes, end: size - 1 }),
        createWriteStream(this.#aside(1), { mode: 0o600 }),
      );
    } catch (error) {
      await rm(this.#aside(1), { force: true });
      throw error;
    }
  }

  /** The newest lines, oldest first; reads only as much from the end as it needs. */
  async tail(lines: number): Promise<string[]> {
    let found: string[] = [];
    for (let number = 0; number <= this.limits.files && found.length < lines; number += 1) {
      const file = number === 0 ? this.current : this.#aside(number);
      found = [...(await tailOf(file, lines - found.length)), ...found];
    }
    return found;
  }

  #aside(number: number): string {
    return `${this.current}.${number}`;
  }

  async #size(file: string): Promise<number> {
    try {
      return (await stat(file)).size;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return 0;
      throw error;
    }
  }

  async #renameIfThere(from: string, to: string): Promise<void> {
    try {
      await rename(from, to);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
}

async function tailOf(file: string, lines: number): Promise<string[]> {
  if (lines <= 0) return [];
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (!handle) return [];
  try {
    const end = (await handle.stat()).size;
    const parts: Buffer[] = [];
    let ends = 0;
    let from = end;
    // One line end more than lines, since the last line usually has one as well.
    while (from > 0 && ends <= lines && end - from < lines * longestLine) {
      const length = Math.min(chunk, from);
      from -= length;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
      const part = buffer.subarray(0, bytesRead);
      parts.unshift(part);
      ends += countLineEnds(part);
    }
    const text = Buffer.concat(parts).toString('utf8').replace(/\n$/, '');
    if (text === '') return [];
    return text
      .split('\n')
      .slice(-lines)
      .map((line) => line.slice(0, longestLine));
  } finally {
    await handle.close();
  }
}

function countLineEnds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}
