import { isDeepStrictEqual } from 'node:util';
import type { Definition } from '../plugin/definition.js';
import type { HostSettings, ResolvedEntry, ResolvedProfile, Wire } from '../profile/index.js';
import { type Dependency, dependenciesOf } from './dependencies.js';

/** What becomes of one entry, and why, for a person. */
export interface PlannedEntry {
  readonly entry: string;
  readonly because: string;
}

/** What a reload does to a running host: every entry of both profiles is in one of the four lists. */
export interface ReloadPlan {
  /** Go on as they are; nobody tells them. */
  readonly kept: readonly PlannedEntry[];
  /** Stopped, and made and started anew. */
  readonly replaced: readonly PlannedEntry[];
  readonly added: readonly PlannedEntry[];
  readonly removed: readonly PlannedEntry[];
  /** Settings of the host that change while it runs, such as `host.log`. */
  readonly settings: readonly string[];
}

/** The new profile is not one that a running host can become. */
export class ReloadRefused extends Error {
  override readonly name = 'ReloadRefused';
}

/**
 * Decides what must be replaced so that a host of one profile becomes one of another: what changed itself, and whatever
 * depends on something that is replaced.
 *
 * @param failed entries of `from` that do not run, so that they are tried again
 * @throws {@link ReloadRefused} when the host must be restarted instead
 */
export function planReload(
  from: ResolvedProfile,
  to: ResolvedProfile,
  failed: ReadonlySet<string> = new Set(),
): ReloadPlan {
  refuseWhatNeedsRestart(from, to);
  const before = new Map(from.entries.map((entry) => [entry.name, entry]));
  const after = new Set(to.entries.map(({ name }) => name));
  const fate = new Map<string, 'kept' | 'replaced' | 'added'>();
  const kept: PlannedEntry[] = [];
  const replaced: PlannedEntry[] = [];
  const added: PlannedEntry[] = [];
  // In dependency order: what becomes of all that an entry depends on is decided before it.
  for (const entry of to.entries) {
    const old = before.get(entry.name);
    if (!old) {
      fate.set(entry.name, 'added');
      added.push({ entry: entry.name, because: 'it is new in the profile' });
      continue;
    }
    const reasons = [
      ...(failed.has(entry.name) ? ['it does not run'] : []),
      ...changesOf(old, entry),
      ...changedDependencies(dependenciesOf(old, from), dependenciesOf(entry, to), fate, after),
    ];
    fate.set(entry.name, reasons.length > 0 ? 'replaced' : 'kept');
    if (reasons.length > 0) replaced.push({ entry: entry.name, because: reasons.join('; ') });
    else kept.push({ entry: entry.name, because: 'nothing changed for it' });
  }
  const removed = from.entries
    .filter(({ name }) => !after.has(name))
    .map(({ name }) => ({ entry: name, because: 'it is no longer in the profile' }));
  return { kept, replaced, added, removed, settings: changedSettings(from.host, to.host) };
}

function refuseWhatNeedsRestart(from: ResolvedProfile, to: ResolvedProfile): void {
  const changes = [
    ...(from.name === to.name ? [] : [`its name from ${from.name} to ${to.name}`]),
    ...(from.dataDir === to.dataDir ? [] : [`its data directory from ${from.dataDir} to ${to.dataDir}`]),
  ];
  if (changes.length === 0) return;
  throw new ReloadRefused(
    `the profile changes ${changes.join(' and ')}, which no running host can do: restart the host`,
  );
}

/** What is compared in a way of its own, or follows from something else; all other parts are compared as they are. */
const comparedApart: ReadonlySet<string> = new Set([
  'name',
  'slot',
  'definition',
  'config',
  'written',
  'wiring',
  'serves',
] satisfies (keyof ResolvedEntry)[]);

function changesOf(from: ResolvedEntry, to: ResolvedEntry): string[] {
  const parts = ([...new Set([...Object.keys(from), ...Object.keys(to)])] as (keyof ResolvedEntry)[]).filter(
    (part) => !comparedApart.has(part),
  );
  return [
    ...changedCode(from.definition, to.definition),
    ...(isDeepStrictEqual(from.written, to.written) ? [] : [`its config changed${within(from.written, to.written)}`]),
    ...Object.entries(to.wiring)
      .filter(([use, wire]) => !isDeepStrictEqual(from.wiring[use], wire))
      .map(([use, wire]) => `it uses ${presentable(wire)} as ${use}, and used ${presentable(from.wiring[use])}`),
    ...parts.filter((part) => !isDeepStrictEqual(from[part], to[part])).map((part) => `its ${part} changed`),
  ];
}

function changedCode(from: Definition, to: Definition): string[] {
  // A module that is imported once holds one definition; another one has been read anew.
  if (from === to) return [];
  if (from.type !== to.type) return [`its type changed from ${from.type} to ${to.type}`];
  if (from.version !== to.version) return [`the version of its code changed from ${from.version} to ${to.version}`];
  return ['its code changed'];
}

/** The keys that differ, never what stands there: it may be secret. */
function within(from: unknown, to: unknown): string {
  if (!isMap(from) || !isMap(to)) return '';
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return `: ${keys.filter((key) => !isDeepStrictEqual(from[key], to[key])).join(', ')}`;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function presentable(wire: Wire): string {
  if (wire === undefined) return 'nothing';
  if (typeof wire === 'string') return wire;
  return 'host' in wire ? 'the host' : wire.join(', ') || 'nothing';
}

function changedDependencies(
  from: readonly Dependency[],
  to: readonly Dependency[],
  fate: ReadonlyMap<string, string>,
  after: ReadonlySet<string>,
): string[] {
  const knows = (all: readonly Dependency[], { on, how }: Dependency): boolean =>
    all.some((one) => one.on === on && one.how === how);
  // What it uses is told by its wiring, and so is that it has changed.
  const other = (all: readonly Dependency[]): Dependency[] => all.filter(({ how }) => how !== 'uses');
  const reasons = [
    ...to.filter(({ on }) => fate.get(on) === 'replaced').map(({ on, how }) => `it ${how} ${on}, which is replaced`),
    ...other(to)
      .filter((one) => fate.get(one.on) !== 'replaced' && !knows(from, one))
      .map(({ on, how }) => `it ${how} ${on}, ${fate.get(on) === 'added' ? 'which is new' : 'and did not before'}`),
    ...other(from)
      .filter((one) => !knows(to, one))
      .map(({ on, how }) => `it ${how} ${on}${after.has(on) ? ' no longer' : ', which is removed'}`),
  ];
  if (reasons.length > 0) return reasons;
  // Authenticators are asked in the order of their vendors.
  return isDeepStrictEqual(other(from), other(to)) ? [] : ['the order of the vendors changed'];
}

function changedSettings(from: HostSettings, to: HostSettings): string[] {
  const names = ['log', 'deadlines', 'rateLimit'] as const satisfies (keyof HostSettings)[];
  return names.filter((name) => !isDeepStrictEqual(from[name], to[name])).map((name) => `host.${name}`);
}
