import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { discloses } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { overheard } from '../overheard.js';
import { comes, credential, longTime, type PullCredentialTrial } from './means.js';
import type { PullCredentialsUnderTest } from './subject.js';

type Run = (trial: PullCredentialTrial) => Promise<void>;
const ofLevel =
  (level: KitCase<PullCredentialsUnderTest>['level']) =>
  (name: string, run: Run): KitCase<PullCredentialsUnderTest> => ({ name, level, run });
const [basic, fault] = [ofLevel('basic'), ofLevel('fault')];

/** Who is told of handovers, and who must not hear of passwords. */
export const tellingCases: readonly KitCase<PullCredentialsUnderTest>[] = [
  basic('each handover after the call is told of, by its registries', async (trial) => {
    const { side, clock } = trial.instance;
    const [first, second] = [credential(trial, 'the first'), credential(trial, 'the second')];
    await side.hand([first]);
    await comes(trial, [first]);
    const listener = new AbortController();
    const told = trial.instance.changes(listener.signal)[Symbol.asyncIterator]();
    const next = told.next();
    await side.hand([second]);
    await clock.advance(longTime);
    await trial.within('refused', trial.instance.refused(first));
    await comes(trial, [second]);
    trial.equal('what is told', await trial.within('the news of the second', next), {
      done: false,
      value: ['registry.test:5000'],
    });
    listener.abort();
    trial.equal('what comes after the abort', (await trial.within('the end', told.next())).done, true);
  }),

  basic('who listens hears the end of the provider', async (trial) => {
    const told = trial.instance.changes(new AbortController().signal)[Symbol.asyncIterator]();
    const next = told.next();
    await trial.within('stop', trial.close());
    trial.equal('what comes after it', (await trial.within('the end', next)).done, true);
    await trial.reopen();
  }),

  fault('no password goes into the log, to the console, or into a file that others may read', async (trial) => {
    const handed = [credential(trial, 'zebra-7f1c nobody else shall read')];
    const { password } = handed[0] ?? { password: '' };
    const written = await overheard(async () => {
      await trial.instance.side.hand(handed);
      await comes(trial, handed);
      for (const each of handed) await trial.within('refused', trial.instance.refused(each));
    });
    trial.holds('what was written to the console', !discloses(written, password), 'nothing of the password', written);
    const { lines } = trial.instance.log;
    trial.holds('what was logged', !discloses(lines, password), 'nothing of the password', lines);
    trial.equal('files that others may read', await readableWith(trial.instance.dataDir, password), []);
  }),
];

/** Files below a directory that have a text and are not for their owner alone. */
async function readableWith(directory: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !discloses(await readFile(file, 'latin1'), text)) continue;
    if (((await stat(file)).mode & 0o077) !== 0) found.push(file.slice(directory.length + 1));
  }
  return found;
}
