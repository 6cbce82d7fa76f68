import 'reflect-metadata';
import { isAbsolute, resolve } from 'node:path';
import { Container, type ResolutionContext } from 'inversify';
import { Gate, type MountedMount, type MountedOperation, type Surface } from '../operation/index.js';
import { RateLimiter } from '../operation/rate-limit.js';
import { RememberedReplies } from '../operation/remembered-replies.js';
import type { Clock } from '../plugin/clock.js';
import type { Binding, BindingContext, Uses, VendorOffer } from '../plugin/definition.js';
import type { Lifecycle } from '../plugin/lifecycle.js';
import { StateProvider } from '../ports/state.js';
import type { ResolvedEntry, ResolvedProfile } from '../profile/index.js';
import { type ProvisionFailure, StartUpError } from './failures.js';
import type { LifecycleNode } from './lifecycle.js';
import type { HostLog } from './log.js';
import { secretValues } from './secrets.js';

export interface Assembly {
  /** In dependency order. */
  readonly nodes: readonly LifecycleNode[];
  readonly bindings: readonly Binding[];
  /** What each binding serves, by its name. */
  readonly surfaces: ReadonlyMap<string, Surface>;
}

export interface AssemblyOptions {
  readonly log: HostLog;
  readonly clock: Clock;
  /** Instances that the host itself provides, by ref id. */
  readonly hostProvides: ReadonlyMap<string, object>;
  /** Holds what operations answer against what they declare. */
  readonly verifyReplies?: boolean;
}

/**
 * Makes every entry of a profile, each a singleton of its name in one inversify container. Construction has no side
 * effects, so a failure leaves nothing behind; all failures are reported together.
 *
 * @throws {@link StartUpError}
 */
export function assemble(profile: ResolvedProfile, options: AssemblyOptions): Assembly {
  const container = new Container();
  const failures: ProvisionFailure[] = [];
  const made = new Map<string, object>();
  const surfaces = new Map<string, Surface>();
  /** Vendors by the scheme that they check. */
  const schemes = new Map<string, string>();
  const tokens = new Map(profile.entries.map(({ name }) => [name, Symbol(name)]));
  const token = (name: string): symbol => tokens.get(name) ?? Symbol(name);
  const vendors = profile.entries.filter(({ slot }) => slot === 'vendors');
  /** The first state of the profile keeps what belongs to no manager: the replies of calls with idempotency keys. */
  const stateEntry = profile.entries.find(({ definition }) =>
    definition.provides.some(({ id }) => id === StateProvider.id),
  );
  const limiter = profile.host.rateLimit && new RateLimiter(profile.host.rateLimit, options.clock);
  let replies: RememberedReplies | undefined;

  for (const entry of profile.entries) {
    container
      .bind<object>(token(entry.name))
      .toDynamicValue((context) =>
        entry.definition.create({
          name: entry.name,
          ...(entry.path !== undefined && { path: entry.path }),
          config: entry.config,
          uses: resolveUses(entry, context),
          log: options.log.of(entry.name),
          clock: options.clock,
          dataDir: profile.dataDir,
          resolvePath: (path) => (isAbsolute(path) ? path : resolve(path)),
          // Only a binding's `create` is typed to see it.
          ...(entry.slot === 'bindings' && { surface: surfaceOf(entry) }),
        } as BindingContext<unknown, Uses>),
      )
      .inSingletonScope();
  }

  for (const entry of profile.entries) {
    options.log.hide(secretValues(entry.definition.config, entry.config));
    if (dependenciesOf(entry).some((name) => tokens.has(name) && !made.has(name))) continue;
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
  if (failures.length > 0) throw new StartUpError(profile.name, { provision: failures });

  return {
    nodes: profile.entries.map((entry) => ({
      name: entry.name,
      instance: made.get(entry.name) as Lifecycle,
      dependsOn: dependenciesOf(entry),
    })),
    bindings: profile.entries.filter(({ slot }) => slot === 'bindings').map(({ name }) => made.get(name) as Binding),
    surfaces,
  };

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

  function dependenciesOf(entry: ResolvedEntry): string[] {
    const used = Object.values(entry.wiring).flatMap((wire) =>
      wire === undefined || (typeof wire === 'object' && 'host' in wire) ? [] : wire,
    );
    if (entry.slot !== 'bindings') return used;
    return [
      ...new Set([...used, ...(stateEntry ? [stateEntry.name] : []), ...servedBy(entry).map(({ name }) => name)]),
    ];
  }

  function servedBy(entry: ResolvedEntry): readonly ResolvedEntry[] {
    return vendors.filter(({ name }) => entry.serves === undefined || entry.serves.includes(name));
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

  /** One for all bindings, so that a call may be made again on another one. */
  function rememberedReplies(): { readonly replies?: RememberedReplies } {
    const state = stateEntry && made.get(stateEntry.name);
    if (!state) return {};
    replies ??= new RememberedReplies(state as StateProvider, options.clock);
    return { replies };
  }

  /** Authenticators of all vendors stand at every door, whichever vendors a binding serves. */
  function surfaceOf(binding: ResolvedEntry): Surface {
    const offer = ({ name }: ResolvedEntry): VendorOffer => (made.get(name) ?? {}) as VendorOffer;
    const gate = new Gate(
      vendors.flatMap((vendor) => offer(vendor).authenticators ?? []),
      options.log.of(binding.name),
      {
        ...(options.verifyReplies && { verifyReplies: true }),
        ...(limiter && { limiter }),
        ...rememberedReplies(),
      },
    );
    const operations: MountedOperation[] = [];
    const mounts: MountedMount[] = [];
    for (const vendor of servedBy(binding)) {
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
