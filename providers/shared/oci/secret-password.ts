import { RegistryFault, SecretFault, type SecretProvider } from '../../../core/ports/index.js';

/**
 * The password that a provider of secrets keeps for a registry, as it is now.
 *
 * @param host of the registry, for the reader of a fault
 * @throws RegistryFault `unreachable` while the secrets are, else `denied`; the signal's reason when it aborts
 */
export async function secretPassword(
  secrets: SecretProvider,
  name: string,
  host: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    return await secrets.get(name, signal);
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const away = !(cause instanceof SecretFault) || cause.reason === 'unreachable';
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RegistryFault(
      away ? 'unreachable' : 'denied',
      `registry ${host}: its password (\`passwordSecret: ${name}\`) cannot be had: ${why}`,
      { cause },
    );
  }
}

/** What to do when the profile has no provider of secrets. */
export function nobodyToAsk(url: string): string {
  return (
    `the password of ${url} is in a secret (\`passwordSecret\`), and no provider of the profile keeps secrets; add one, ` +
    'such as `secrets: { type: secret.file, config: { directory: /run/secrets } }`'
  );
}
