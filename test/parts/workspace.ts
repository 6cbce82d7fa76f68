import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { run } from './tools.js';

/** One for each user, since the first to come would own it. */
const base = join(tmpdir(), `tutti-parts-${process.getuid?.() ?? 'any'}`);

/** A directory of a part's own, named after the process that answers for it. */
export function workspace(part: string): string {
  mkdirSync(base, { recursive: true });
  return mkdtempSync(join(base, `${process.pid}-${part}-`));
}

/** Frees what parts of test processes that died left behind. */
export async function reclaimOrphans(): Promise<void> {
  mkdirSync(base, { recursive: true });
  for (const name of readdirSync(base)) {
    if (!alive(Number(name.split('-', 1)[0]))) await reclaim(join(base, name));
  }
}

/**
 * Ends every process that works in the directory, unmounts what is mounted in it, and deletes it, and the control
 * groups that have its name.
 */
export async function reclaim(directory: string): Promise<void> {
  for (const pid of processesIn(directory)) kill(pid);
  for (const mount of mountsIn(directory)) await run('umount', ['-l', mount]);
  for (const group of controlGroups(basename(directory))) removeGroup(group);
  rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

/** Without /proc there are no parts that need this. */
const linux = process.platform === 'linux';

function processesIn(directory: string): number[] {
  if (!linux) return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && commandLine(pid).includes(directory));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended between the listing and the look.
    return '';
  }
}

/** Deepest first, so that each can be unmounted. */
function mountsIn(directory: string): string[] {
  if (!linux) return [];
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}

/** One in each hierarchy where there are several (cgroup v1), or one at all. */
function controlGroups(name: string): string[] {
  const root = '/sys/fs/cgroup';
  if (!linux || !existsSync(root)) return [];
  return [root, ...readdirSync(root).map((hierarchy) => join(root, hierarchy))]
    .map((hierarchy) => join(hierarchy, name))
    .filter((group) => existsSync(group));
}

/** Its files are the kernel's and go with it; the groups below it do not. */
function removeGroup(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(group, entry.name));
  }
  rmdirSync(group);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
