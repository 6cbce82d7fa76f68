import type { KitCase } from '../kit.js';
import type { KitLevel } from '../kit-options.js';
import { KitFailure, type Trial } from '../trial.js';
import type { DefinitionUnderTest, MadeEntry } from './subject.js';

export type LifecycleTrial = Trial<DefinitionUnderTest>;
type Run = (trial: LifecycleTrial) => Promise<void>;

export const at = (level: KitLevel, name: string, run: Run): KitCase<DefinitionUnderTest> => ({ name, level, run });

/** An entry that has started. */
export async function started(trial: LifecycleTrial): Promise<MadeEntry> {
  await trial.instance.makeDataDir();
  const entry = trial.observed(await trial.instance.make());
  await succeeds(trial, 'start', entry.start());
  return entry;
}

/** Waits for a phase that has no reason to fail. */
export async function succeeds(trial: LifecycleTrial, what: string, work: Promise<void>): Promise<void> {
  try {
    await trial.within(what, work);
  } catch (cause) {
    if (cause instanceof KitFailure) throw cause;
    throw new KitFailure(what, 'it to succeed', String(cause), { cause });
  }
}

/** Checks that a stopped entry has left nothing that is open, and nothing that waits for its time. */
export async function nothingLeft(trial: LifecycleTrial, when: string): Promise<void> {
  const { opened, manual } = trial.instance;
  trial.equal(`what is open ${when}`, await opened.left(), []);
  trial.equal(`how many delays of the clock go on ${when}`, manual.waiting, 0);
}
