import { setImmediate } from 'node:timers/promises';
import type { PullCredential } from '../../ports/index.js';
import type { Trial } from '../trial.js';
import type { PullCredentialsUnderTest } from './subject.js';

export type PullCredentialTrial = Trial<PullCredentialsUnderTest>;

/** Milliseconds: longer than any provider keeps to itself what it was handed, or waits before it asks again. */
export const longTime = 86_400_000;

/** A credential like those of a registry, with a password that nothing else looks like. */
export function credential(
  trial: PullCredentialTrial,
  password: string,
  { registry = 'registry.test:5000', life }: { readonly registry?: string; readonly life?: number } = {},
): PullCredential {
  const expiresAt = life === undefined ? undefined : trial.instance.clock.now() + life;
  return { registry, username: 'kit-7', password, ...(expiresAt !== undefined && { expiresAt }) };
}

export function current(trial: PullCredentialTrial): Promise<readonly PullCredential[]> {
  return trial.within('current', trial.instance.current());
}

/** Expects that these are the present ones, sooner or later. */
export async function comes(trial: PullCredentialTrial, expected: readonly PullCredential[]): Promise<void> {
  const ended = new AbortController();
  const look = async (): Promise<void> => {
    while (!ended.signal.aborted && !isSame(await trial.instance.current(), expected)) {
      await trial.instance.clock.advance(60_000);
      await setImmediate();
    }
  };
  await trial.within(`${expected.length} credentials as they are handed over`, look()).finally(() => ended.abort());
}

function isSame(found: readonly PullCredential[], expected: readonly PullCredential[]): boolean {
  const texts = (of: readonly PullCredential[]): string =>
    JSON.stringify(of.map(({ registry, username, password, expiresAt }) => [registry, username, password, expiresAt]));
  return texts(found) === texts(expected);
}
