import { setImmediate } from 'node:timers/promises';
import { SecretFault } from '../../ports/index.js';
import { discloses } from '../disclosure.js';
import { show, type Trial } from '../trial.js';
import type { SecretUnderTest } from './store.js';

export type SecretTrial = Trial<SecretUnderTest>;

export function get(trial: SecretTrial, name: string): Promise<string> {
  return trial.within(`get of ${name}`, trial.instance.get(name));
}

/** Expects a fault of this reason. @returns it */
export async function refused(trial: SecretTrial, name: string, reason: SecretFault['reason']): Promise<Error> {
  const what = `get of ${JSON.stringify(name.slice(0, 60))}`;
  const error = await trial.rejects(what, trial.instance.get(name));
  trial.holds(
    `the rejection of ${what}`,
    error instanceof SecretFault && error.reason === reason,
    `SecretFault ${reason}`,
    error,
  );
  return error;
}

/** Expects no trace of a value in an error, in what caused it, or in where it came from. */
export function untold(trial: SecretTrial, error: Error, value: string): void {
  trial.holds('what the error says', !discloses(error, value), 'nothing of the value', show(error).slice(0, 200));
}

/** Reads until a value comes that nothing announces: a provider may keep an old one, or that there was none, a while. */
export function comes(trial: SecretTrial, name: string, value: string): Promise<void> {
  return reading(trial, `the new value of ${name}`, name, (found) => found === value);
}

/** Reads until there is none of this name. */
export function goes(trial: SecretTrial, name: string): Promise<void> {
  return reading(trial, `${name} is not found after it was removed`, name, (found) => found === undefined);
}

/** Reads until the store that is away is noticed: a provider may know a value for a while. @returns the fault */
export async function failsAtLast(trial: SecretTrial, name: string): Promise<Error> {
  const ended = new AbortController();
  const look = async (): Promise<Error> => {
    for (;;) {
      const fault = await trial.instance.get(name).then(
        () => undefined,
        (error: Error) => error,
      );
      if (fault) return fault;
      ended.signal.throwIfAborted();
      await setImmediate();
    }
  };
  return trial.within(`the end of what is known of ${name}`, look()).finally(() => ended.abort());
}

function reading(
  trial: SecretTrial,
  what: string,
  name: string,
  done: (found: string | undefined) => boolean,
): Promise<void> {
  const ended = new AbortController();
  const look = async (): Promise<void> => {
    while (!ended.signal.aborted && !done(await present(trial, name))) await setImmediate();
  };
  return trial.within(what, look()).finally(() => ended.abort());
}

async function present(trial: SecretTrial, name: string): Promise<string | undefined> {
  try {
    return await trial.instance.get(name);
  } catch (error) {
    if (error instanceof SecretFault && error.reason === 'not-found') return undefined;
    throw error;
  }
}
