import 'reflect-metadata';
import { resolve } from 'node:path';
import { Container, type ResolutionContext } from 'inversify';
import { isolated } from '../isolation/isolated.js';
import { Gate, type MountedMount, type MountedOperation, type Surface } from '../operation/index.js';
import type { Clock } from '../plugin/clock.js';
import type { VendorOffer } from '../plugin/definition.js';
import type { Lifecycle } from '../plugin/lifecycle.js';
import { StateProvider } from '../ports/state.js';
import type { ResolvedEntry, ResolvedProfile } from '../profile/index.js';
import { dependenciesOf, servedBy, stateOf, vendorsOf } from './dependencies.js';
import { type ProvisionFailure, StartUpError } from './failures.js';
import { guarded } from './guarded.js';
import type { LifecycleNode } from './lifecycle.js';
import type { HostLog } from './log.js';
import { madeBy } from './made.js';
import { secretValues } from './secrets.js';
import { SharedByBindings } from './shared.js';

export interface Assembly {
  /** In dependency order. */
  readonly nodes: readonly LifecycleNode[];
  /** What each binding that was made serves, by its name. */
  readonly surfaces: ReadonlyMap<string, Surface>;
}

/** An assembly without the entries that could not be made, and without what depends on them. */
export interface PartialAssembly extends Assembly {
  readonly failures: readonly ProvisionFailure[];
}

export interface AssemblyOptions {
  readonly log: HostLog;
  readonly clock: Clock;
  /** Instances that the host itself provides, by ref id. */
  readonly hostProvides: ReadonlyMap<string, object>;
  /** Holds what operations answer against what they declare. */
  readonly verifyReplies?: boolean;
  /** Instances of an earlier assembly that go on in this one, by entry. */
  readonly kept?: ReadonlyMap<string, object>;
  /** What bindings share with those of an earlier assembly. */
  readonly shared?: SharedByBindings;
}

/**
 * Makes every entry of a profile, each a singleton of its name in one inversify container. Construction has no side
 * effects, so a failure leaves nothing behind; all failures are reported together.
 *
 * @throws {@link StartUpError}
 */
export function assemble(profile: ResolvedProfile, options: AssemblyOptions): Assembly {
  const { failures, ...assembly } = tryToAssemble(profile, options);
  if (failures.length > 0) throw new StartUpError(profile.name, { provision: failures });
  return assembly;
}

/** As {@link assemble}, but goes on without what cannot be made. */
export function tryToAssemble(profile: ResolvedProfile, options: AssemblyOptions): PartialAssembly {
  const container = new Container();
  const failures: ProvisionFailure[] = [];
  const made = new Map<string, object>();
  const surfaces = new Map<string, Surface>();
  /** Vendors by the scheme that they check. */
  const schemes = new Map<string, string>();
  const tokens = new Map(profile.entries.map(({ name }) => [name, Symbol(name)]));
  const token = (name: string): symbol => tokens.get(name) ?? Symbol(name);
  const vendors = vendorsOf(profile);
  const stateEntry = stateOf(profile);
  const shared = options.shared ?? new SharedByBindings(options.clock, profile.host.rateLimit);

  for (const entry of profile.entries) {
    const kept = options.kept?.get(entry.name);
    if (kept) {
      container.bind<object>(token(entry.name)).toConstantValue(kept);
      continue;
    }
    container
      .bind<object>(token(entry.name))
      .toDynamicValue((context) => make(entry, resolveUses(entry, context)))
      .inSingletonScope()
      .onActivation((_, instance) => guarded(entry, instance, options.log));
  }

  for (const entry of profile.entries) {
    options.log.hide(entry.name, secretValues(entry.definition.config, entry.config));
    if (needs(entry).some((name) => !made.has(name))) continue;
    try {
      const instance = container.get<object>(token(entry.name));
      if (entry.slot === 'vendors') claimSchemes(entry, instance);
      made.set(entry.name, instance);
    } catch (error) {
      failures.push({
        entry: entry.name,
        type: entry.definition.type,
        error: error instanceof Error ? error : new Error(String(error)),
      });
    }
  }

  return {
    nodes: profile.entries.flatMap((entry) => {
      const instance: Lifecycle | undefined = made.get(entry.name);
      return instance ? [{ name: entry.name, instance, dependsOn: needs(entry) }] : [];
    }),
    surfaces,
    failures,
  };

  function make(entry: ResolvedEntry, uses: Record<string, unknown>): object {
    const { name, path, config, definition, isolation, written } = entry;
    const { dataDir, host } = profile;
    const { clock } = options;
    const log = options.log.of(name);
    const resolvePath = (file: string): string => resolve(file);
    if (isolation) {
      const startDeadline = host.deadlines.start;
      const parts = { name, path, definition, isolation, written, uses, dataDir, resolvePath, clock, log };
      return isolated({ ...parts, startDeadline });
    }
    const parts = { name, path, config, uses, log, clock, dataDir, resolvePath };
    return madeBy(definition, { ...parts, ...(entry.slot === 'bindings' && { surface: surfaceOf(entry) }) });
  }

  function needs(entry: ResolvedEntry): string[] {
    return dependenciesOf(entry, profile).map(({ on }) => on);
  }

  /** Of two that take the same credentials, neither could know which callers are its own. */
  function claimSchemes({ name }: ResolvedEntry, { authenticators = [] }: VendorOffer): void {
    for (const { scheme } of authenticators) {
      // RFC 9110 section 11.1: names of schemes are the same in any case.
      const other = schemes.get(scheme.toLowerCase());
      if (other !== undefined)
        throw new Error(`${other} and ${name} both check credentials of the scheme ${scheme}; only one may`);
      schemes.set(scheme.toLowerCase(), name);
    }
  }

  function resolveUses(entry: ResolvedEntry, context: ResolutionContext): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(entry.wiring).map(([use, wire]) => {
        if (wire === undefined) return [use, undefined];
        if (typeof wire === 'string') return [use, context.get(token(wire))];
        if ('host' in wire) return [use, options.hostProvides.get(wire.host)];
        return [use, new Map(wire.map((name) => [name, context.get(token(name))]))];
      }),
    );
  }

  /** Authenticators of all vendors stand at every door, whichever vendors a binding serves. */
  function surfaceOf(binding: ResolvedEntry): Surface {
    const offer = ({ name }: ResolvedEntry): VendorOffer => (made.get(name) ?? {}) as VendorOffer;
    const state = stateEntry && made.get(stateEntry.name);
    const states = profile.entries.flatMap(({ name, definition }) =>
      definition.provides.some(({ id }) => id === StateProvider.id) ? (made.get(name) as StateProvider) : [],
    );
    const gate = new Gate(
      vendors.flatMap((vendor) => offer(vendor).authenticators ?? []),
      options.log.of(binding.name),
      {
        ...(options.verifyReplies && { verifyReplies: true }),
        ...(state && { replies: shared.repliesIn(state as StateProvider) }),
        caughtUp: caughtUpOf(states),
        get limiter() {
          return shared.limiter;
        },
      },
    );
    const operations: MountedOperation[] = [];
    const mounts: MountedMount[] = [];
    for (const vendor of servedBy(binding, profile)) {
      const place = { vendor: vendor.name, prefix: vendor.path ?? '' };
      for (const served of offer(vendor).operations ?? []) {
        const { kinds, rule } = served.operation.access;
        if (kinds.length > 0 && !kinds.some((kind) => gate.knows(kind))) {
          throw new Error(
            `${vendor.name} offers ${served.operation.id} to ${rule}, but no vendor of this profile checks credentials of a ${kinds.join(' or ')}`,
          );
        }
        operations.push({ ...served, ...place });
      }
      for (const mount of offer(vendor).mounts ?? []) mounts.push({ ...mount, ...place });
    }
    const surface = { operations, mounts, gate };
    surfaces.set(binding.name, surface);
    return surface;
  }
}

/** What waits for all states that other hosts can change as well; `undefined` where there are none. */
function caughtUpOf(states: readonly StateProvider[]): (() => Promise<unknown>) | undefined {
  const shared = states.flatMap((state) => (state.caughtUp ? [() => state.caughtUp?.()] : []));
  return shared.length === 0 ? undefined : () => Promise.all(shared.map((wait) => wait()));
}
