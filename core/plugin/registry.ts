import semver from 'semver';
import type { Ref } from '../ports/port.js';
import type { Definition, DefinitionKind, Plugin } from './definition.js';
import { didYouMean } from './suggest.js';

export type ViolationCode =
  | 'malformed-type'
  | 'malformed-version'
  | 'wrong-namespace'
  | 'duplicate-type'
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

interface Registered {
  readonly definition: Definition;
  readonly plugin: string;
}

/** Everything that profiles can be made of, by type. Built-ins and strangers get in by the same door. */
export class DefinitionRegistry {
  readonly #byType: Map<string, Registered>;

  constructor(from?: DefinitionRegistry) {
    this.#byType = new Map(from === undefined ? [] : from.#byType);
  }

  /**
   * Registers all definitions of a plugin, or none.
   *
   * @param hostVersion the version that the definitions' `host` ranges are checked against (semver)
   * @throws {@link RegistrationError} with every violation
   */
  add(plugin: Plugin, hostVersion: string): void {
    const added = new Map<string, Registered>();
    const violations = plugin.definitions.flatMap((definition) => {
      const found = violationsOf(definition, plugin.name, hostVersion);
      const other = this.#byType.get(definition.type);
      if (other) found.push(duplicate(definition.type, plugin.name, other.plugin));
      else if (added.has(definition.type)) found.push(twice(definition.type, plugin.name));
      added.set(definition.type, { definition, plugin: plugin.name });
      return found;
    });
    if (violations.length > 0) throw new RegistrationError(plugin.name, violations);
    for (const [type, registered] of added) this.#byType.set(type, registered);
  }

  get(type: string): Definition | undefined {
    return this.#byType.get(type)?.definition;
  }

  /** The name of the plugin that a type came from. */
  pluginOf(type: string): string | undefined {
    return this.#byType.get(type)?.plugin;
  }

  /** Definitions by type, in alphabetical order. */
  list(filter: DefinitionFilter = {}): readonly Definition[] {
    return [...this.#byType.values()]
      .map(({ definition }) => definition)
      .filter(({ kind }) => filter.kind === undefined || kind === filter.kind)
      .filter(({ provides }) => filter.provides === undefined || provides.some(({ id }) => id === filter.provides?.id))
      .sort((a, b) => (a.type < b.type ? -1 : 1));
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
  return found;
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
