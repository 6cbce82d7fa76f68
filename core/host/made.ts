import type { BindingContext, Definition, Uses } from '../plugin/definition.js';

/**
 * An instance of a definition, where that can be an entry at all: a plugin in JavaScript may make anything.
 *
 * @throws Error saying what it made instead; whatever `create` throws
 */
export function madeBy({ create }: Definition, context: BindingContext<unknown, Uses>): object {
  const made: unknown = create(context);
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
