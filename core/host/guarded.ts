import type { Definition } from '../plugin/definition.js';
import { SecretProvider } from '../ports/secret.js';
import type { HostLog } from './log.js';
import { isWorthHiding } from './secrets.js';

/**
 * An instance as other entries are given it. A provider of secrets is one whose values the log hides before whoever
 * asked for them has them; any other is itself.
 */
export function guarded(
  { name, definition }: { readonly name: string; readonly definition: Pick<Definition, 'provides'> },
  instance: object,
  log: Pick<HostLog, 'hide'>,
): object {
  const { provides } = definition;
  return provides.some(({ id }) => id === SecretProvider.id) ? hiding(name, instance as SecretProvider, log) : instance;
}

function hiding(entry: string, instance: SecretProvider, log: Pick<HostLog, 'hide'>): SecretProvider {
  const get: SecretProvider['get'] = async (name, ...more) => {
    const value = await instance.get(name, ...more);
    if (isWorthHiding(value)) log.hide(`${entry}/${name}`, [value]);
    return value;
  };
  return new Proxy(instance, {
    get(target, property) {
      if (property === 'get') return get;
      const member: unknown = Reflect.get(target, property, target);
      // Bound to the instance: it may have private members, which a proxy has not.
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
