import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import { type Clock, TargetFault } from 'tutti/plugin';
import type { ComponentRecord } from './component.ts';
import { type ComponentFolder, readIfThere } from './folder.ts';

export interface Run {
  /** Path of the script. */
  readonly file: string;
  readonly verb: 'apply' | 'remove' | 'status';
  readonly record: ComponentRecord;
  readonly folder: ComponentFolder;
  readonly purge?: boolean;
  /** Ends the script and all that is in its process group. */
  readonly signal: AbortSignal;
  readonly milliseconds: number;
}

/** How a script ended, and the last line that it said; for `status` alone, whose output is nobody else's. */
export interface Ended {
  /** 255 when something killed it. */
  readonly code: number;
  readonly said: string;
}

/**
 * Notes its pid, makes sure that who started it is still there to read that, and becomes the script. So an agent that is
 * killed at any point either has not begun, or leaves a pid behind.
 */
const launcher = 'echo $$ >"$1" && kill -0 "$2" && shift 2 && exec "$@"';

/**
 * Runs a script in a process group of its own. What it says goes to the component's log, but for `status`.
 *
 * @throws the signal's reason, TargetFault `timeout`
 */
export async function runScript(run: Run, clock: Clock): Promise<Ended> {
  const { folder, verb, signal, milliseconds } = run;
  const log = verb === 'status' ? undefined : await open(folder.output, 'a', 0o600);
  const over = new AbortController();
  const late = new AbortController();
  let cut = (): void => undefined;
  try {
    signal.throwIfAborted();
    const child = launch(run, log?.fd);
    cut = () => endGroup(child);
    for (const end of [signal, late.signal]) end.addEventListener('abort', cut);
    clock.delay(milliseconds, over.signal).then(
      () => late.abort(new TargetFault('timeout', `${verb} took longer than ${milliseconds} ms`, true)),
      // It ended in time.
      () => undefined,
    );
    const said = outputOf(child);
    const [code] = (await once(child, 'close')) as [number | null];
    for (const end of [signal, late.signal]) end.throwIfAborted();
    return { code: code ?? 255, said: lastLine(said()) };
  } finally {
    signal.removeEventListener('abort', cut);
    over.abort();
    await log?.close();
    if (verb !== 'status') await rm(folder.running, { force: true });
  }
}

function launch({ file, verb, record, folder, purge }: Run, log: number | undefined): ChildProcess {
  const { PATH, HOME, LANG } = process.env;
  return spawn(
    '/bin/sh',
    verb === 'status'
      ? ['-c', 'exec "$@"', 'sh', file, verb]
      : ['-c', launcher, 'sh', folder.running, String(process.pid), file, verb],
    {
      cwd: folder.state,
      // The leader of a group, so that all of it can be ended at once.
      detached: true,
      // A file outlives the agent, a pipe would break with it.
      stdio: ['ignore', log ?? 'pipe', log ?? 'pipe'],
      env: {
        PATH,
        HOME,
        LANG,
        ...record.environment,
        TUTTI_STATE_DIR: folder.state,
        ...(purge && { TUTTI_PURGE: 'true' }),
      },
    },
  );
}

function endGroup(child: ChildProcess): void {
  if (child.pid !== undefined) killGroup(child.pid);
  // What has left the group may hold these open.
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Keeps the end of what a child says. */
function outputOf(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-4_096);
    });
  }
  return () => text;
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)?.slice(0, 300) ?? '';

/**
 * Ends a script that an earlier agent left running: a killed agent cannot tell how far it had come, and two must never
 * work on one component. Looks until it is gone, as a process that is not our child announces its end to nobody.
 */
export async function endLeftover(folder: ComponentFolder, clock: Clock, signal: AbortSignal): Promise<void> {
  const pid = Number(await readIfThere(folder.running));
  // Only a process that was started for this folder: the number may be somebody else's by now.
  const isThere = async (): Promise<boolean> =>
    pid > 1 && (await environmentOf(pid)).includes(`TUTTI_STATE_DIR=${folder.state}\0`);
  while (await isThere()) {
    killGroup(pid);
    await clock.delay(20, signal);
  }
  await rm(folder.running, { force: true });
}

/** @returns nothing for a process that is over, or that somebody else runs */
async function environmentOf(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/environ`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
