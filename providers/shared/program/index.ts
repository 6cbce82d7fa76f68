import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { hasCode } from '../../../core/files/index.js';

/**
 * A program that goes on after the agent that ran it was killed would fight the next one over the same workload. Each is
 * therefore noted in a file while it runs, and whoever comes next ends what an earlier agent left.
 *
 * @param note the file
 * @param word one of its arguments, which no other process has
 * @throws the signal's reason: one that the kernel does not let go of (a disk that hangs) goes on until it does
 */
export async function endOrphan(note: string, word: string, signal: AbortSignal): Promise<void> {
  const pid = Number(await contentOf(note));
  if (pid > 0) {
    // The number may long be another process's: only one with this argument is ours.
    while ((await contentOf(`/proc/${pid}/cmdline`)).split('\0').includes(word)) {
      signal.throwIfAborted();
      signalGroup(pid, 'SIGKILL');
      await setTimeout(10);
    }
  }
  await rm(note, { force: true });
}

export function noteProcess(note: string, pid: number): Promise<void> {
  return writeFile(note, String(pid));
}

export function forgetProcess(note: string): Promise<void> {
  return rm(note, { force: true });
}

/** Signals a process and all that it began. */
export function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // Gone, or never there; a process can go while its file is read.
    if (hasCode(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}
