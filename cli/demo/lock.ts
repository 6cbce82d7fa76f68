import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes sure that no other demo works in the same directory.
 *
 * @returns what gives it back
 * @throws Error when another one is at it
 */
export async function claim(data: string): Promise<() => Promise<void>> {
  const file = `${data}.pid`;
  await mkdir(dirname(file), { recursive: true });
  const holder = await holderOf(file);
  if (holder !== undefined) {
    throw new Error(`another demo is running here (process ${holder}); stop it, or use another directory with --data`);
  }
  await writeFile(file, `${process.pid}\n`);
  return () => rm(file, { force: true });
}

async function holderOf(file: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(file, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // No such file, or no such process.
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
