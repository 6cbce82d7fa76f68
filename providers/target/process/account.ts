import { readFile } from 'node:fs/promises';

/** Whom workloads run as, where that is not the agent itself. */
export interface Account {
  /** As the profile has it, for texts. */
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Its home directory, where the system knows one. */
  readonly home: string | undefined;
}

export interface AccountNames {
  /** Name or number. */
  readonly user?: string | number | undefined;
  readonly group?: string | number | undefined;
}

export interface System {
  /** Who we are. */
  readonly uid: number;
  readonly gid: number;
  /** Where `passwd` and `group` are. */
  readonly etc: string;
}

const thisSystem = (): System => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, etc: '/etc' });

/**
 * The account that a profile names, from the system's own files: accounts of a directory service go by number.
 *
 * @returns `undefined` when workloads run as the agent does
 * @throws Error when there is no such account, or we may not become it
 */
export async function accountOf(
  { user, group }: AccountNames,
  system: System = thisSystem(),
): Promise<Account | undefined> {
  if (user === undefined) {
    if (group !== undefined) throw new Error('`group` is of use together with `user` only');
    return undefined;
  }
  const known = await entry(`${system.etc}/passwd`, user);
  const uid = numeric(user) ?? numeric(known?.[2]);
  if (uid === undefined) throw new Error(`there is no user ${user} in ${system.etc}/passwd`);
  const gid = group === undefined ? numeric(known?.[3]) : await groupId(group, system);
  if (gid === undefined) throw new Error(`user ${user} is not in ${system.etc}/passwd: \`group\` must be told as well`);
  if (uid === system.uid && gid === system.gid) return undefined;
  if (system.uid !== 0) {
    throw new Error(
      `workloads shall run as user ${user} (${uid}:${gid}), but only root may start them so; this agent runs as ${system.uid}:${system.gid}`,
    );
  }
  return { name: String(user), uid, gid, home: known?.[5] };
}

async function groupId(group: string | number, { etc }: System): Promise<number> {
  const id = numeric(group) ?? numeric((await entry(`${etc}/group`, group))?.[2]);
  if (id === undefined) throw new Error(`there is no group ${group} in ${etc}/group`);
  return id;
}

/** The fields of the line (passwd(5), group(5)) that has this name, or this number as its id. */
async function entry(file: string, wanted: string | number): Promise<string[] | undefined> {
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.split(':'));
  const id = numeric(wanted);
  return lines.find(([name, , number]) => (id === undefined ? name === wanted : numeric(number) === id));
}

function numeric(value: string | number | undefined): number | undefined {
  const text = String(value ?? '');
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
