import type { Definition } from '../plugin/definition.js';
import type { DefinitionRegistry } from '../plugin/registry.js';
import { didYouMean } from '../plugin/suggest.js';
import { demandOf, type Use } from '../plugin/use.js';
import type { Ref } from '../ports/port.js';
import { StateProvider } from '../ports/state.js';
import type { Entry } from './entries.js';
import type { FaultCollector } from './faults.js';
import type { Wire } from './model.js';
import { itemsOf, type Node, type Path, pairOf, pairsOf, type Span, textOf } from './tree.js';

export interface WiringOptions {
  readonly registry: DefinitionRegistry;
  readonly hostRefs: readonly Ref<unknown>[];
  readonly faults: FaultCollector;
}

/** Finds for every use of every entry what it gets, by name where the file names it, by itself where there is one. */
export class Wiring {
  readonly #byName: ReadonlyMap<string, Entry>;

  constructor(
    private readonly entries: readonly Entry[],
    private readonly options: WiringOptions,
  ) {
    this.#byName = new Map([...entries].reverse().map((entry) => [entry.name, entry]));
  }

  of(entry: Entry): Readonly<Record<string, Wire>> {
    const written = pairOf(entry.node, 'uses')?.value;
    const { definition } = entry;
    if (definition === undefined) {
      // What the names mean is not known, but that they name something can be checked.
      for (const { key, value } of pairsOf(written)) this.#named(value, [...entry.path, 'uses', key]);
      return {};
    }
    this.#reportUnknownUses(definition, entry, written);
    return Object.fromEntries(
      Object.entries(definition.uses).map(([name, use]) => {
        const value = pairOf(written, name)?.value;
        return [name, value ? this.#explicit(entry, name, use, value) : this.#automatic(entry, name, use)];
      }),
    );
  }

  /** The vendors that a binding serves. */
  served(entry: Entry): readonly string[] {
    const vendors = this.entries.filter(({ slot }) => slot === 'vendors').map(({ name }) => name);
    const written = pairOf(entry.node, 'serves')?.value;
    if (written === undefined) return vendors;
    return itemsOf(written).flatMap((item, index) => {
      const name = textOf(item);
      if (name === undefined || vendors.includes(name)) return name ?? [];
      const other = this.#byName.get(name);
      const what = other ? `is under ${other.slot}; a binding serves vendors` : 'is no vendor of this profile';
      const near = didYouMean(name, vendors);
      const hint = near ? `did you mean "${near}"?` : `vendors here: ${vendors.join(', ') || 'none'}`;
      const message = `${this.options.faults.describe(item)} ${what}`;
      this.options.faults.add('unknown-entry', item.at, [...entry.path, 'serves', index], message, hint);
      return [];
    });
  }

  /** The state that keeps replies to calls with idempotency keys, by name where the file names it, else the only one. */
  replies(root: Node): string | undefined {
    const { faults } = this.options;
    const path = ['host', 'replies'];
    const states = this.entries.filter(({ definition }) => definition && provides(definition, StateProvider));
    const [first, second] = states;
    const written = pairOf(pairOf(root, 'host')?.value, 'replies')?.value;
    if (written) {
      const [found] = this.#named(written, path);
      if (found && states.length > 0 && !states.includes(found.target)) {
        const hint = `entries that keep state: ${states.map(({ name }) => name).join(', ')}`;
        faults.add('wrong-use', written.at, path, `"${found.target.name}" keeps no state`, hint);
      }
      return found?.target.name;
    }
    if (first && second && this.entries.some(({ slot }) => slot === 'bindings')) {
      const names = states.map(({ name }) => name).join(', ');
      const message = `several entries keep state (${names}), and one must keep the replies to calls with idempotency keys`;
      faults.add('ambiguous-use', second.key, path, message, `choose: host: { replies: ${first.name} }`);
    }
    return first?.name;
  }

  #reportUnknownUses(definition: Definition, entry: Entry, written: Node | undefined): void {
    const known = Object.keys(definition.uses);
    for (const { key, keyAt } of pairsOf(written)) {
      if (known.includes(key)) continue;
      const near = didYouMean(key, known);
      const list = known.length > 0 ? `it uses: ${known.join(', ')}` : `${definition.type} uses nothing`;
      const message = `${definition.type} does not use anything under the name "${key}"`;
      const path = [...entry.path, 'uses', key];
      this.options.faults.add('unknown-use', keyAt, path, message, near ? `did you mean "${near}"?` : list);
    }
  }

  #explicit(entry: Entry, name: string, use: Use, value: Node): Wire {
    const { count, ref } = demandOf(use);
    const path = [...entry.path, 'uses', name];
    if (count !== 'every' && value.kind === 'list') {
      this.options.faults.add('wrong-use', value.at, path, `"${name}" is one entry, found a list`);
      return undefined;
    }
    const found = this.#named(value, path).filter(({ target, at, path: where }) => {
      // Of an entry whose type is unknown nobody can say what it provides.
      if (target.definition === undefined || provides(target.definition, ref)) return true;
      const others = this.#candidates(entry, ref).map((one) => one.name);
      const message = `"${name}" must provide "${ref.id}"; "${target.name}" is of type ${target.definition.type}, which ${provided(target.definition)}`;
      const hint = others.length > 0 ? `entries that provide it: ${others.join(', ')}` : this.#typesThatProvide(ref);
      this.options.faults.add('wrong-use', at, where, message, hint);
      return false;
    });
    const names = found.map(({ target }) => target.name);
    return count === 'every' ? [...new Set(names)] : names[0];
  }

  /** The entries that a name, or a list of names, means; reports those that mean none. */
  #named(value: Node, path: Path): { readonly target: Entry; readonly at: Span; readonly path: Path }[] {
    const items =
      value.kind === 'list'
        ? value.items.map((item, index) => ({ item, path: [...path, index] }))
        : [{ item: value, path }];
    return items.flatMap(({ item, path: where }) => {
      const name = textOf(item);
      if (name === undefined) return [];
      const target = this.#byName.get(name);
      if (target) return [{ target, at: item.at, path: where }];
      const near = didYouMean(name, [...this.#byName.keys()]);
      const hint = near ? `did you mean "${near}"?` : `entries here: ${[...this.#byName.keys()].reverse().join(', ')}`;
      const message = `there is no entry named ${this.options.faults.describe(item)}`;
      this.options.faults.add('unknown-entry', item.at, where, message, hint);
      return [];
    });
  }

  #automatic(entry: Entry, name: string, use: Use): Wire {
    const { count, ref } = demandOf(use);
    const { faults, hostRefs } = this.options;
    const candidates = this.#candidates(entry, ref).map((one) => one.name);
    if (count === 'every') return candidates;
    if (hostRefs.some(({ id }) => id === ref.id)) return { host: ref.id };
    if (candidates.length === 1) return candidates[0];
    const type = entry.definition?.type;
    if (candidates.length > 1) {
      const message = `${type} needs one "${ref.id}" (its "${name}"), and several entries provide it: ${candidates.join(', ')}`;
      faults.add(
        'ambiguous-use',
        entry.key,
        [...entry.path, 'uses', name],
        message,
        `choose: uses: { ${name}: ${candidates[0]} }`,
      );
    } else if (count === 'one' && !this.entries.some((one) => mayProvide(one, ref))) {
      const message = `${type} needs "${ref.id}" (its "${name}"), and no entry provides it`;
      faults.add('missing-provider', entry.key, [...entry.path, 'uses', name], message, this.#typesThatProvide(ref));
    }
    return undefined;
  }

  /** Others that provide a ref, in the order of the file: what an entry provides itself it cannot use. */
  #candidates(entry: Entry, ref: Ref<unknown>): readonly Entry[] {
    return this.entries.filter((one) => one !== entry && one.definition !== undefined && provides(one.definition, ref));
  }

  #typesThatProvide(ref: Ref<unknown>): string {
    if (this.options.hostRefs.some(({ id }) => id === ref.id)) return 'the host provides it: leave this out';
    const types = this.options.registry.list({ provides: ref }).map(({ type, kind }) => `${type} (under ${kind}s:)`);
    return types.length > 0
      ? `add one of these: ${types.join(', ')}`
      : 'no known type provides it; is a plugin missing?';
  }
}

/** By id: a plugin may have brought its own copy of the module that declares the ref. */
function provides(definition: Definition, ref: Ref<unknown>): boolean {
  return definition.provides.some(({ id }) => id === ref.id);
}

function provided({ provides: refs }: Definition): string {
  return refs.length === 0 ? 'provides nothing' : `provides "${refs.map(({ id }) => id).join('", "')}"`;
}

/** Whether an entry of unknown type, once its fault is mended, may well provide a ref. */
function mayProvide({ definition, slot, type }: Entry, ref: Ref<unknown>): boolean {
  if (definition !== undefined) return false;
  if (slot === 'managers') return !('summary' in ref);
  return slot === 'providers' && (type === undefined || type.startsWith(`${ref.id}.`));
}
