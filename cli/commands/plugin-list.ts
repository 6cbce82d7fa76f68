import type { Definition, Needs } from '../../core/plugin/index.js';
import { formatIntegrity } from '../../core/plugin/integrity.js';
import { contentOf } from '../../core/plugin/pin.js';
import { type Column, table } from '../output/table.js';
import { knownWith, tuttiVersion } from '../profile.js';
import type { Terminal } from '../terminal.js';

export interface PluginListOptions {
  readonly all?: true;
  readonly output: 'table' | 'json';
}

/** One plugin for a person or a program to look at. */
interface Listed {
  /** As the profile has it; `tutti` for what is built in. */
  readonly from: string;
  /** Absolute path of its file or folder; none for what is built in. */
  readonly location?: string;
  /** Absent where it is not pinned. */
  readonly integrity?: string;
  readonly definitions: readonly Summary[];
}

type Summary = Pick<Definition, 'type' | 'version' | 'summary'> & { readonly needs: Needs };

/** `tutti plugin list [PROFILE]`: what a profile loads, from where, and what it needs of the machine. */
export async function listPlugins(
  terminal: Terminal,
  file: string | undefined,
  { all, output }: PluginListOptions,
): Promise<void> {
  const { registry, plugins } = await knownWith(file);
  const listed: Listed[] = [];
  for (const { plugin, integrity, ...source } of plugins) {
    listed.push({
      from: source.specifier,
      location: await contentOf(source),
      ...(integrity && { integrity: formatIntegrity(integrity) }),
      definitions: plugin.definitions.map(summaryOf),
    });
  }
  if (all) await registry.load(tuttiVersion());
  const own = new Set(listed.flatMap(({ definitions }) => definitions.map(({ type }) => type)));
  const builtin = registry.list().filter(({ type }) => !own.has(type));
  const definitions = builtin.flatMap(({ type }) => registry.get(type) ?? []).map(summaryOf);
  if (output === 'json') {
    const items = all ? [...listed, { from: 'tutti', definitions }] : listed;
    terminal.out(JSON.stringify({ items }, undefined, 2));
    return;
  }
  const rows = [...listed, ...(all ? [{ from: 'tutti', definitions }] : [])].flatMap(rowsOf);
  const rest: Row = {
    type: `(${builtin.length} types)`,
    version: tuttiVersion(),
    from: 'tutti',
    pinned: '',
    needs: '',
  };
  terminal.out(table(columns, all ? rows : [...rows, rest]));
  terminal.next(file === undefined ? 'tutti plugin list PROFILE' : `tutti explain TYPE -f ${file}`);
}

const summaryOf = ({ type, version, summary, needs }: Definition): Summary => ({ type, version, summary, needs });

interface Row {
  readonly type: string;
  readonly version: string;
  readonly from: string;
  readonly pinned: string;
  readonly needs: string;
}

function rowsOf({ from, location, integrity, definitions }: Listed): Row[] {
  const pinned = location === undefined ? '' : integrity === undefined ? 'no' : (integrity.split('-', 1)[0] ?? '');
  return definitions.map(({ type, version, needs }) => {
    return { type, version, from, pinned, needs: Object.keys(needs).join(', ') };
  });
}

const columns: readonly Column<Row>[] = [
  { head: 'TYPE', value: ({ type }) => type },
  { head: 'VERSION', value: ({ version }) => version },
  { head: 'FROM', value: ({ from }) => from },
  { head: 'PINNED', value: ({ pinned }) => pinned },
  { head: 'NEEDS', value: ({ needs }) => needs },
];
