import { z } from 'zod';
import type { Authenticator, Mount, Operation, ServedOperation, Surface } from '../operation/index.js';
import type { Port, Ref } from '../ports/port.js';
import type { Clock } from './clock.js';
import type { Lifecycle } from './lifecycle.js';
import type { Logger } from './logger.js';

/**
 * One of a named ref, `undefined` when no entry of the profile provides it.
 * @stable since 0.1.0
 */
export interface OptionalRef<T> {
  readonly optional: Ref<T>;
}
/**
 * All entries that provide a ref, by entry name, in profile order. May be none.
 * @stable since 0.1.0
 */
export interface EveryRef<T> {
  readonly every: Ref<T>;
}
/**
 * Uses one entry that provides the ref, or none.
 * @stable since 0.1.0
 */
export const optional = <T>(of: Ref<T>): OptionalRef<T> => ({ optional: of });
/**
 * Uses all entries that provide the ref.
 * @stable since 0.1.0
 */
export const every = <T>(of: Ref<T>): EveryRef<T> => ({ every: of });

/**
 * What an entry uses: a name of its own choosing to a ref. The profile's `uses:` picks by the same name.
 * @stable since 0.1.0
 */
export type Uses = Readonly<Record<string, Ref<unknown> | OptionalRef<unknown> | EveryRef<unknown>>>;

/**
 * What the host hands over for {@link Uses}.
 * @stable since 0.1.0
 */
export type Used<U extends Uses> = {
  readonly [K in keyof U]: U[K] extends OptionalRef<infer T>
    ? T | undefined
    : U[K] extends EveryRef<infer T>
      ? ReadonlyMap<string, T>
      : U[K] extends Ref<infer T>
        ? T
        : never;
};

/**
 * Everything that `create` is given. Construction has no side effects; `start` may have.
 * @stable since 0.1.0
 */
export interface Context<C, U extends Uses> {
  /** The entry's name in the profile. */
  readonly name: string;
  /** Where a vendor's operations are served below, as its entry says; `undefined` where no profile says it. */
  readonly path?: string;
  /** What the profile says, as the definition's schema made it: checked, with its defaults. */
  readonly config: C;
  /** What the definition uses, by its own names. Not to be called before `start`. */
  readonly uses: Used<U>;
  /** Each line carries the entry's name. */
  readonly log: Logger;
  /** The time, as numbers; tests move it by hand. */
  readonly clock: Clock;
  /** The host's data directory, absolute. An entry keeps its own files below a folder that it names itself. */
  readonly dataDir: string;
  /** Resolves a path from the profile: relative ones are relative to the working directory of the host. */
  readonly resolvePath: (path: string) => string;
}

/**
 * Which of the four kinds of entry a definition makes.
 * @stable since 0.1.0
 */
export type DefinitionKind = 'provider' | 'manager' | 'vendor' | 'binding';

/**
 * What an entry needs of the machine, each in one sentence for a person: where it connects to or listens, what it reads
 * and writes outside of its data directory, which programs it runs, which rights it must have. Declared, not enforced:
 * `tutti explain` shows it to who decides whether to load the plugin.
 * @experimental
 */
export interface Needs {
  readonly network?: string;
  readonly files?: string;
  readonly programs?: string;
  readonly privileges?: string;
}

/**
 * What the four `define` functions make: data that host, validation, `tutti explain`, docs and schema all read.
 * @stable since 0.1.0
 */
export interface Definition {
  readonly kind: DefinitionKind;
  /** `<slot>.<name>`: a provider's slot is its port's id, the others' their kind. */
  readonly type: string;
  readonly version: string;
  /** One line for a person. */
  readonly summary: string;
  /** The range of host versions that it works with (semver); any unless told. */
  readonly host: string;
  readonly config: z.ZodType;
  /** Refs under which others may use the instance. */
  readonly provides: readonly Ref<unknown>[];
  readonly uses: Uses;
  readonly needs: Needs;
  /** What its port lets a provider declare as data; see the port. */
  readonly declares?: unknown;
  /** Vendors: what it will serve, where that is known without its config. */
  readonly operations?: readonly Operation[];
  readonly create: (context: BindingContext<unknown, Uses>) => object;
}

interface Common<C extends z.ZodType, U extends Uses> {
  readonly type: string;
  readonly version: string;
  readonly summary?: string;
  readonly host?: string;
  readonly config?: C;
  readonly uses?: U;
  readonly needs?: Needs;
}

type NoConfig = z.ZodObject<Record<never, never>>;

/**
 * What {@link defineProvider} takes.
 * @stable since 0.1.0
 */
export interface ProviderSpec<P, C extends z.ZodType, U extends Uses, D = undefined> extends Common<C, U> {
  readonly port: Port<P, D>;
  /** What the port's providers declare of themselves as data, where it has such a form. */
  readonly declares?: D;
  readonly create: (context: Context<z.output<C>, U>) => P & Lifecycle;
}

/**
 * What {@link defineManager} takes.
 * @stable since 0.1.0
 */
export interface ManagerSpec<P, C extends z.ZodType, U extends Uses> extends Common<C, U> {
  /** The manager's public face; none for one that only reacts. */
  readonly provides?: Ref<P>;
  readonly create: (context: Context<z.output<C>, U>) => P & Lifecycle;
}

/**
 * What a vendor offers to the outside. All parts may be computed in `create`, none may be added later.
 * @stable since 0.1.0
 */
export interface VendorOffer {
  readonly operations?: readonly ServedOperation[];
  readonly authenticators?: readonly Authenticator[];
  readonly mounts?: readonly Mount[];
}

/**
 * What {@link defineVendor} takes.
 * @stable since 0.1.0
 */
export interface VendorSpec<C extends z.ZodType, U extends Uses> extends Common<C, U> {
  /** All that it can ever serve, so that documentation and an isolated vendor need not make it first. */
  readonly operations?: readonly Operation[];
  readonly create: (context: Context<z.output<C>, U>) => VendorOffer & Lifecycle;
}

/**
 * A binding is also given the surface that it serves: complete before any binding is made.
 * @stable since 0.1.0
 */
export interface BindingContext<C, U extends Uses> extends Context<C, U> {
  /** Every operation that this entry serves, and the gate that all calls pass. */
  readonly surface: Surface;
}

/**
 * A running protocol.
 * @stable since 0.1.0
 */
export interface Binding extends Lifecycle {
  /** Where it can be reached, as URLs; empty before `start`. */
  addresses(): readonly string[];
}

/**
 * What {@link defineBinding} takes.
 * @stable since 0.1.0
 */
export interface BindingSpec<C extends z.ZodType, U extends Uses> extends Common<C, U> {
  readonly create: (context: BindingContext<z.output<C>, U>) => Binding;
}

/**
 * Defines a provider: an implementation of one port. Its type is `<id of the port>.<name>`.
 * @stable since 0.1.0
 */
export function defineProvider<P, C extends z.ZodType = NoConfig, U extends Uses = Record<never, never>, D = undefined>(
  spec: ProviderSpec<P, C, U, D>,
): Definition {
  const { port, declares } = spec;
  return definition('provider', spec, [port], declares === undefined ? {} : { declares });
}

/**
 * Defines a manager: business logic over ports and other managers. Its type is `manager.<name>`.
 * @stable since 0.1.0
 */
export function defineManager<P extends object, C extends z.ZodType = NoConfig, U extends Uses = Record<never, never>>(
  spec: ManagerSpec<P, C, U>,
): Definition {
  return definition('manager', spec, spec.provides ? [spec.provides] : []);
}

/**
 * Defines a vendor: operations for callers. Its type is `vendor.<name>`.
 * @stable since 0.1.0
 */
export function defineVendor<C extends z.ZodType = NoConfig, U extends Uses = Record<never, never>>(
  spec: VendorSpec<C, U>,
): Definition {
  return definition('vendor', spec, [], spec.operations ? { operations: spec.operations } : {});
}

/**
 * Defines a binding: a protocol that carries the operations of vendors. Its type is `binding.<name>`.
 * @stable since 0.1.0
 */
export function defineBinding<C extends z.ZodType = NoConfig, U extends Uses = Record<never, never>>(
  spec: BindingSpec<C, U>,
): Definition {
  return definition('binding', spec, []);
}

function definition<C extends z.ZodType, U extends Uses>(
  kind: DefinitionKind,
  spec: Common<C, U> & { readonly create: (context: never) => object },
  provides: readonly Ref<unknown>[],
  more: Pick<Definition, 'declares' | 'operations'> = {},
): Definition {
  return Object.freeze({
    ...more,
    kind,
    type: spec.type,
    version: spec.version,
    summary: spec.summary ?? spec.config?.description ?? spec.type,
    host: spec.host ?? '*',
    config: spec.config ?? z.strictObject({}),
    provides,
    uses: spec.uses ?? {},
    needs: spec.needs ?? {},
    // The host calls `create` only with a config that `config` accepted and with `uses` resolved by their refs,
    // which is what the author's narrower parameter type says.
    create: spec.create as Definition['create'],
  });
}

/**
 * What a package's default export may be: a plugin of one or more definitions.
 * @stable since 0.1.0
 */
export interface Plugin {
  readonly name: string;
  readonly definitions: readonly Definition[];
}

/**
 * Names what a package of several definitions exports by default. A list of definitions will do as well.
 * @stable since 0.1.0
 */
export function definePlugin(name: string, definitions: readonly Definition[]): Plugin {
  return Object.freeze({ name, definitions });
}
