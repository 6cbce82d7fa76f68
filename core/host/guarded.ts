import type { Definition } from '../plugin/definition.js';
import { FleetManager } from '../ports/fleet-manager.js';
import { CredentialIssuer, type PullCredential, PullCredentials } from '../ports/pull-credentials.js';
import { SecretProvider } from '../ports/secret.js';
import type { HostLog } from './log.js';
import { isWorthHiding } from './secrets.js';

/** What a member of a port resolves with that the log must not have: each value with the source that it replaces one of. */
type Told = (result: unknown, args: readonly unknown[]) => readonly (readonly [source: string, value: string])[];

const passwords: Told = (result, [of]) =>
  (result as readonly PullCredential[]).map(({ registry, password }) => [
    typeof of === 'string' ? `${registry}/${of}` : registry,
    password,
  ]);

/** By the port, then by the member. */
const secretive: Readonly<Record<string, Readonly<Record<string, Told>>>> = {
  [SecretProvider.id]: { get: (value, [name]) => [[String(name), String(value)]] },
  [CredentialIssuer.id]: { issue: passwords },
  [PullCredentials.id]: { current: passwords },
  [FleetManager.id]: { pullCredentials: passwords },
};

/**
 * An instance as other entries are given it. Where its port hands out secrets, the log hides them before whoever asked
 * for them has them; any other is itself.
 */
export function guarded(
  { name, definition }: { readonly name: string; readonly definition: Pick<Definition, 'provides'> },
  instance: object,
  log: Pick<HostLog, 'hide'>,
): object {
  const told = definition.provides.map(({ id }) => secretive[id]).filter((one) => one !== undefined);
  return told.length === 0
    ? instance
    : hiding(name, instance, Object.fromEntries(told.flatMap((one) => Object.entries(one))), log);
}

function hiding(
  entry: string,
  instance: object,
  told: Readonly<Record<string, Told>>,
  log: Pick<HostLog, 'hide'>,
): object {
  return new Proxy(instance, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      const secrets = typeof property === 'string' && Object.hasOwn(told, property) ? told[property] : undefined;
      // Bound to the instance: it may have private members, which a proxy has not.
      if (!secrets) return member.bind(target);
      return async (...args: unknown[]) => {
        const result: unknown = await member.apply(target, args);
        for (const [source, value] of secrets(result, args)) {
          if (isWorthHiding(value)) log.hide(`${entry}/${source}`, [value]);
        }
        return result;
      };
    },
  });
}
