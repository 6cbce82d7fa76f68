import type { ResolvedEntry, ResolvedProfile, Wire } from '../profile/index.js';

/** One entry that must be there before another one, and stays until it is gone. */
export interface Dependency {
  readonly on: string;
  /** What the entry does with it, as in "it uses store". */
  readonly how: 'uses' | 'serves' | 'keeps replies in' | 'takes credentials of';
}

/** Everything that an entry of a profile depends on itself, each once. */
export function dependenciesOf(entry: ResolvedEntry, profile: ResolvedProfile): readonly Dependency[] {
  const uses = Object.values(entry.wiring)
    .flatMap(wiredTo)
    .map((on): Dependency => ({ on, how: 'uses' }));
  const all = entry.slot === 'bindings' ? [...uses, ...dependenciesOfBinding(entry, profile)] : uses;
  return [...new Map([...all].reverse().map((one) => [one.on, one])).values()].reverse();
}

/** The vendors that a binding serves. */
export function servedBy(binding: ResolvedEntry, profile: ResolvedProfile): readonly ResolvedEntry[] {
  return vendorsOf(profile).filter(({ name }) => binding.serves === undefined || binding.serves.includes(name));
}

export function vendorsOf({ entries }: ResolvedProfile): readonly ResolvedEntry[] {
  return entries.filter(({ slot }) => slot === 'vendors');
}

/** The state that keeps what belongs to no manager: the replies of calls with idempotency keys. */
export function stateOf({ entries, host }: ResolvedProfile): ResolvedEntry | undefined {
  return entries.find(({ name }) => name === host.replies);
}

/** Authenticators of all vendors stand at every door, whichever vendors a binding serves. */
function dependenciesOfBinding(binding: ResolvedEntry, profile: ResolvedProfile): Dependency[] {
  const state = stateOf(profile);
  return [
    ...servedBy(binding, profile).map(({ name }): Dependency => ({ on: name, how: 'serves' })),
    ...(state ? [{ on: state.name, how: 'keeps replies in' } as const] : []),
    ...vendorsOf(profile).map(({ name }): Dependency => ({ on: name, how: 'takes credentials of' })),
  ];
}

function wiredTo(wire: Wire): readonly string[] {
  if (wire === undefined || (typeof wire === 'object' && 'host' in wire)) return [];
  return typeof wire === 'string' ? [wire] : wire;
}
