import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { hasCode } from '../../../core/files/index.js';

/** A process that cannot be mistaken for a later one with the same pid (within one boot). */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time as the kernel counts it: ticks since boot. */
  readonly started: string;
}

export interface ProcessEntry extends ProcessIdentity {
  readonly group: number;
  readonly session: number;
}

/** The variable by which a process is found again when nobody wrote down its pid. Inherited by what it starts. */
export const marker = 'TUTTI_INSTANCE';

/** The system's processes, read from Linux' `/proc` (proc(5)). */
export class ProcessTable {
  constructor(private readonly proc = '/proc') {}

  /** Changes with every boot. */
  async boot(): Promise<string> {
    return (await readFile(`${this.proc}/sys/kernel/random/boot_id`, 'utf8')).trim();
  }

  /** A live process by pid; `undefined` when there is none, or only its exit code waits to be read. */
  find(pid: number): ProcessEntry | undefined {
    try {
      return parseStat(readFileSync(`${this.proc}/${pid}/stat`, 'utf8'));
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** Start time of a child that may already be over but whose exit nobody has read yet. */
  startOf(pid: number): string {
    return fields(readFileSync(`${this.proc}/${pid}/stat`, 'utf8')).started;
  }

  isAlive(process: ProcessIdentity): boolean {
    return this.find(process.pid)?.started === process.started;
  }

  /**
   * Live processes whose {@link marker} begins with `prefix`, and all of the session that `leader` leads or led (a
   * workload may clear the environment of its children). Looks at every process: for starts and stops, not for ticks.
   */
  async family(prefix: string, leader?: ProcessIdentity): Promise<ProcessEntry[]> {
    const names = await readdir(this.proc);
    const found = await Promise.all(
      names
        .filter((name) => /^\d+$/.test(name))
        .map(async (name) => {
          const entry = this.find(Number(name));
          if (!entry) return undefined;
          const token = await this.#token(entry.pid);
          return { entry, token };
        }),
    );
    const present = found.flatMap((item) => (item ? [item] : []));
    // The kernel gives a pid to nobody else while it is some process' session, so a session is ours
    // unless its number now belongs to a process that started at another time.
    const reused = leader && present.some(({ entry }) => entry.pid === leader.pid && entry.started !== leader.started);
    return present
      .filter(
        ({ entry, token }) =>
          token?.startsWith(prefix) ||
          (token === undefined && leader !== undefined && !reused && entry.session === leader.pid),
      )
      .map(({ entry }) => entry);
  }

  async #token(pid: number): Promise<string | undefined> {
    try {
      const environment = await readFile(`${this.proc}/${pid}/environ`, 'latin1');
      const line = environment.split('\0').find((variable) => variable.startsWith(`${marker}=`));
      return line?.slice(marker.length + 1);
    } catch (error) {
      // Another user's process is none of ours.
      if (isGone(error) || hasCode(error, 'EACCES', 'EPERM')) return undefined;
      throw error;
    }
  }
}

/** Sends a signal; a process (or group, with a negative pid) that is gone already is fine. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

function fields(stat: string): ProcessEntry & { readonly state: string } {
  // The command's name is in parentheses and may hold spaces and parentheses itself.
  const [state = '', , group = '', session = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // starttime is field 22; `state` is field 3 and `rest` begins with field 7.
  return {
    pid: Number.parseInt(stat, 10),
    state,
    group: Number(group),
    session: Number(session),
    started: rest[15] ?? '',
  };
}

function parseStat(stat: string): ProcessEntry | undefined {
  const { state, ...entry } = fields(stat);
  // Zombie or dead: it does nothing any more, only its parent has not asked for its exit code.
  return state === 'Z' || state === 'X' ? undefined : entry;
}

const isGone = (error: unknown): boolean => hasCode(error, 'ENOENT', 'ESRCH');
