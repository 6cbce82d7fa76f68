import type { Surface } from '../operation/index.js';
import type { Clock } from '../plugin/clock.js';
import type { BindingContext, Definition, Uses } from '../plugin/definition.js';
import type { Logger } from '../plugin/logger.js';

/** What an entry is made of, in the host or on another side. */
export interface Parts {
  readonly name: string;
  readonly path: string | undefined;
  /** What the definition's schema made of it. */
  readonly config: unknown;
  readonly uses: Readonly<Record<string, unknown>>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly dataDir: string;
  readonly resolvePath: (path: string) => string;
  /** Only a binding's `create` is typed to see it. */
  readonly surface?: Surface;
}

/**
 * An instance of a definition, where that can be an entry at all: a plugin in JavaScript may make anything.
 *
 * @throws Error saying what it made instead; whatever `create` throws
 */
export function madeBy({ create }: Definition, { path, ...parts }: Parts): object {
  const context = { ...parts, ...(path !== undefined && { path }) };
  // The profile wired its uses by the refs that `create` is typed by.
  const made: unknown = create(context as BindingContext<unknown, Uses>);
  const expected = 'expected an object with what it provides';
  if (typeof made !== 'object' || made === null) {
    const found = made === undefined || made === null ? String(made) : `a ${typeof made}`;
    throw new Error(`its create made ${found}; ${expected}`);
  }
  if ('then' in made && typeof made.then === 'function') {
    throw new Error(`its create made a promise; ${expected}: what takes time belongs into start`);
  }
  return made;
}
