import semver from 'semver';
import type { Port, Ref } from '../ports/port.js';
import type { Definition, DefinitionKind, Plugin } from './definition.js';
import { issuesIn } from './issues.js';
import type { Origin } from './origin.js';
import type { PinnedSource } from './pin.js';
import { didYouMean } from './suggest.js';

export type ViolationCode =
  | 'malformed-type'
  | 'malformed-version'
  | 'wrong-namespace'
  | 'duplicate-type'
  | 'malformed-declaration'
  | 'not-as-announced'
  | 'host-version';

/** One reason why a plugin cannot be registered. The code is stable, the message is for a person. */
export interface Violation {
  readonly code: ViolationCode;
  readonly message: string;
}

/** A plugin was refused as a whole; nothing of it was registered. */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError';
  constructor(
    readonly plugin: string,
    readonly violations: readonly Violation[],
  ) {
    super(violations.map(({ message }) => message).join('; '));
  }
}

export interface DefinitionFilter {
  readonly kind?: DefinitionKind;
  /** Only definitions whose instances can be used under this ref. */
  readonly provides?: Ref<unknown>;
}

/** What a registry knows of a definition without having loaded its module. */
export type Known = Pick<Definition, 'type' | 'kind'> & { readonly provides: readonly { readonly id: string }[] };

/**
 * A plugin whose definitions are imported only when a profile names them, so that a host starts with what it uses and
 * nothing else. Kind and provided ref follow from the type: `<port>.<name>` is a provider of its port, `manager.<name>`
 * is used under its own type, vendors and bindings are used by nobody.
 */
export interface LazyPlugin {
  readonly name: string;
  /** The URL of a module that exports this list by default; without it, nothing of it can be isolated. */
  readonly module?: string;
  /** By type. */
  readonly definitions: Readonly<Record<string, () => Promise<Definition>>>;
}

interface Registered {
  readonly known: Known;
  readonly plugin: string;
  readonly origin?: Origin | undefined;
  /** Absent until it is loaded. */
  readonly definition?: Definition;
  readonly load?: () => Promise<Definition>;
}

/** Everything that profiles can be made of, by type. Built-ins and strangers get in by the same door. */
export class DefinitionRegistry {
  readonly #byType: Map<string, Registered>;

  constructor(from?: DefinitionRegistry) {
    this.#byType = new Map(from === undefined ? [] : from.#byType);
  }

  /**
   * Makes types known whose modules are imported by {@link load}. What they hold is checked then, as with {@link add}.
   *
   * @throws {@link RegistrationError} when one of them is known already
   */
  announce(plugin: LazyPlugin): void {
    const types = Object.entries(plugin.definitions);
    const violations = types.flatMap(([type]) => {
      const other = this.#byType.get(type);
      return other ? [duplicate(type, plugin.name, other.plugin)] : [];
    });
    if (violations.length > 0) throw new RegistrationError(plugin.name, violations);
    const { name, module } = plugin;
    const origin: Origin | undefined = module === undefined ? undefined : { kind: 'announced', module };
    for (const [type, load] of types) this.#byType.set(type, { known: knownFrom(type), plugin: name, origin, load });
  }

  /**
   * Imports announced definitions; types that are unknown or loaded already are passed over.
   *
   * @param types all that are announced unless told
   * @throws {@link RegistrationError} when a module holds something else than what was announced
   */
  async load(hostVersion: string, types: Iterable<string> = this.#byType.keys()): Promise<void> {
    await Promise.all(
      [...new Set(types)].map(async (type) => {
        const { known, plugin, origin, definition: loaded, load } = this.#byType.get(type) ?? {};
        if (!known || plugin === undefined || loaded || !load) return;
        const definition = await load();
        const violations = [
          ...violationsOf(definition, plugin, hostVersion),
          ...(isAsAnnounced(definition, known) ? [] : [otherThanAnnounced(definition, known, plugin)]),
        ];
        if (violations.length > 0) throw new RegistrationError(plugin, violations);
        this.#byType.set(type, { known: definition, plugin, origin, definition });
      }),
    );
  }

  /**
   * Registers all definitions of a plugin, or none.
   *
   * @param hostVersion the version that the definitions' `host` ranges are checked against (semver)
   * @param source where it was loaded from; none for what is handed over by the program itself
   * @throws {@link RegistrationError} with every violation
   */
  add(plugin: Plugin, hostVersion: string, source?: PinnedSource): void {
    const added = new Map<string, Registered>();
    const origin: Origin | undefined = source && { kind: 'loaded', source };
    const violations = plugin.definitions.flatMap((definition) => {
      const found = violationsOf(definition, plugin.name, hostVersion);
      const other = this.#byType.get(definition.type);
      if (other) found.push(duplicate(definition.type, plugin.name, other.plugin));
      else if (added.has(definition.type)) found.push(twice(definition.type, plugin.name));
      added.set(definition.type, { known: definition, definition, plugin: plugin.name, origin });
      return found;
    });
    if (violations.length > 0) throw new RegistrationError(plugin.name, violations);
    for (const [type, registered] of added) this.#byType.set(type, registered);
  }

  /** @returns `undefined` for an unknown type, and for an announced one that is not loaded */
  get(type: string): Definition | undefined {
    return this.#byType.get(type)?.definition;
  }

  /** The name of the plugin that a type came from. */
  pluginOf(type: string): string | undefined {
    return this.#byType.get(type)?.plugin;
  }

  /** What is known, loaded or not, by type in alphabetical order. */
  list(filter: DefinitionFilter = {}): readonly Known[] {
    return [...this.#byType.values()]
      .map(({ known }) => known)
      .filter(({ kind }) => filter.kind === undefined || kind === filter.kind)
      .filter(({ provides }) => filter.provides === undefined || provides.some(({ id }) => id === filter.provides?.id))
      .sort((a, b) => (a.type < b.type ? -1 : 1));
  }

  /** Definitions that are loaded, by type in alphabetical order. */
  definitions(filter: DefinitionFilter = {}): readonly Definition[] {
    return this.list(filter).flatMap(({ type }) => this.get(type) ?? []);
  }

  /** Where a type can be had once more; `undefined` for one that no module exports. */
  originOf(type: string): Origin | undefined {
    return this.#byType.get(type)?.origin;
  }

  /** The type that was most likely meant, of this kind if there is one, of any kind otherwise. */
  suggest(type: string, kind?: DefinitionKind): string | undefined {
    const among = (filter: DefinitionFilter) =>
      didYouMean(
        type,
        this.list(filter).map((definition) => definition.type),
      );
    return (kind && among({ kind })) ?? among({});
  }
}

const typeForm = /^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$/;

function violationsOf(definition: Definition, plugin: string, hostVersion: string): Violation[] {
  const { type, kind, version, host } = definition;
  const subject = `${type} of ${plugin}`;
  const found: Violation[] = [];
  if (!typeForm.test(type)) {
    found.push({
      code: 'malformed-type',
      message: `"${type}" of ${plugin} is not a type: expected "<slot>.<name>" in lower case, such as "state.sqlite"`,
    });
  } else if (!type.startsWith(namespaceOf(definition))) {
    const reason = kind === 'provider' ? `a provider of the port "${definition.provides[0]?.id}"` : `a ${kind}`;
    found.push({
      code: 'wrong-namespace',
      message: `${subject} is ${reason}, so its type must start with "${namespaceOf(definition)}"`,
    });
  }
  if (semver.valid(version) === null) {
    found.push({
      code: 'malformed-version',
      message: `${subject}: its version "${version}" is not a semantic version`,
    });
  }
  if (semver.validRange(host) === null) {
    found.push({
      code: 'host-version',
      message: `${subject}: its host range "${host}" is not a semantic version range`,
    });
  } else if (!semver.satisfies(hostVersion, host, { includePrerelease: true })) {
    found.push({ code: 'host-version', message: `${subject} works with hosts "${host}"; this host is ${hostVersion}` });
  }
  return [...found, ...declarationFaults(definition, subject)];
}

/** What the definition's port would have it declare. */
function declarationFaults({ declares, provides }: Definition, subject: string): Violation[] {
  const [port] = provides as readonly Port<unknown, unknown>[];
  if (declares === undefined || port?.declaration === undefined) return [];
  return issuesIn(port.declaration, declares, 'declares').map((issue) => ({
    code: 'malformed-declaration',
    message: `${subject}: ${issue}`,
  }));
}

const kinds: readonly DefinitionKind[] = ['manager', 'vendor', 'binding'];

function knownFrom(type: string): Known {
  const slot = type.split('.', 1)[0] ?? '';
  const kind = kinds.find((one) => one === slot) ?? 'provider';
  const provides = kind === 'provider' ? [{ id: slot }] : kind === 'manager' ? [{ id: type }] : [];
  return { type, kind, provides };
}

function isAsAnnounced({ type, kind, provides }: Definition, known: Known): boolean {
  const ids = (refs: Known['provides']): string => refs.map(({ id }) => id).join();
  return type === known.type && kind === known.kind && ids(provides) === ids(known.provides);
}

function otherThanAnnounced({ type, kind, provides }: Definition, known: Known, plugin: string): Violation {
  const found = `a ${kind} "${type}" that provides ${provides.map(({ id }) => id).join(', ') || 'nothing'}`;
  const message = `${plugin} announces "${known.type}", but its module holds ${found}`;
  return { code: 'not-as-announced', message };
}

function namespaceOf({ kind, provides }: Definition): string {
  return kind === 'provider' ? `${provides[0]?.id ?? ''}.` : `${kind}.`;
}

function duplicate(type: string, plugin: string, other: string): Violation {
  const again = plugin === other ? '; is the plugin loaded twice?' : '';
  return { code: 'duplicate-type', message: `"${type}" of ${plugin} is already defined by ${other}${again}` };
}

function twice(type: string, plugin: string): Violation {
  return { code: 'duplicate-type', message: `${plugin} defines "${type}" twice` };
}
