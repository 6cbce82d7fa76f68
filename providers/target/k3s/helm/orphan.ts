import { readFile, rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { hasCode } from '../../../../core/files/index.js';

/**
 * A helm that goes on after the agent that ran it was killed would fight the next one over the same release. Each is
 * therefore noted in a file while it runs, and whoever comes next ends what an earlier agent left.
 *
 * @param word one of its arguments, which no other process has
 */
export async function endOrphan(note: string, word: string): Promise<void> {
  const pid = Number(await contentOf(note));
  if (pid > 0) {
    // The number may long be another process's: only one that names our release is ours.
    while ((await contentOf(`/proc/${pid}/cmdline`)).split('\0').includes(word)) {
      killGroup(pid);
      await setTimeout(10);
    }
  }
  await rm(note, { force: true });
}

/** Ends a process and all that it began. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
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
