import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/**
 * A compose program that goes on after the agent that ran it was killed would fight the next one over the same
 * containers. Each is therefore noted in a file while it runs, and whoever comes next ends what an earlier agent left.
 */
export async function endOrphan(file: string, project: string): Promise<void> {
  const pid = Number(await contentOf(file));
  if (pid > 0) {
    // The number may long be another process's: only one that names our project is ours.
    while ((await contentOf(`/proc/${pid}/cmdline`)).split('\0').includes(project)) {
      signal(pid, 'SIGKILL');
      await setTimeout(10);
    }
  }
  await rm(file, { force: true });
}

export function noteProcess(file: string, pid: number): Promise<void> {
  return writeFile(file, String(pid));
}

export function forgetProcess(file: string): Promise<void> {
  return rm(file, { force: true });
}

/** Signals a process and all that it began. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // Gone, or never there; a process can go while its file is read.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
