import { readdirSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';

/** A workload that really runs, read from the system and from nobody's books. */
export interface Workload {
  readonly pid: number;
  /** Deployment id. */
  readonly application: string;
  readonly component: string;
  /** What it was started with. */
  readonly version: string | undefined;
  readonly greeting: string | undefined;
}

/**
 * The workloads of the agent with this data directory. A start is the process that leads a session and carries the
 * marker; what it starts itself, or a health check, carries the marker too but leads none.
 */
export function workloadsOf(agentData: string): Workload[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const variables = environmentOf(name);
      const own = variables.get('TUTTI_STATE_DIR')?.startsWith(agentData + sep) === true;
      if (!own || !variables.has('TUTTI_INSTANCE') || !leadsSession(name)) return [];
      return [
        {
          pid: Number(name),
          application: variables.get('TUTTI_APPLICATION') ?? '',
          component: variables.get('TUTTI_COMPONENT') ?? '',
          version: variables.get('VERSION'),
          greeting: variables.get('GREETING'),
        },
      ];
    });
}

function environmentOf(pid: string): ReadonlyMap<string, string> {
  const lines = read(`/proc/${pid}/environ`).split('\0');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** And is no zombie (proc(5): the state comes after the name in parentheses, the session three fields on). */
function leadsSession(pid: string): boolean {
  const stat = read(`/proc/${pid}/stat`);
  const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state !== 'Z' && state !== 'X' && session === pid;
}

/** Empty for a process that has ended, or that is not ours to look at. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
