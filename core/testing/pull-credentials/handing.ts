import { isAbort } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { comes, credential, current, longTime, type PullCredentialTrial } from './means.js';
import type { PullCredentialsUnderTest } from './subject.js';

type Run = (trial: PullCredentialTrial) => Promise<void>;
const ofLevel =
  (level: KitCase<PullCredentialsUnderTest>['level']) =>
  (name: string, run: Run): KitCase<PullCredentialsUnderTest> => ({ name, level, run });
const [basic, idempotent, concurrent] = [ofLevel('basic'), ofLevel('idempotent'), ofLevel('concurrent')];
const [fault, durable] = [ofLevel('fault'), ofLevel('durable')];

/** What a device has at which time. */
export const handingCases: readonly KitCase<PullCredentialsUnderTest>[] = [
  basic('what is handed over is given as it is', async (trial) => {
    const handed = [
      credential(trial, 'correct horse', { life: 2 * longTime }),
      credential(trial, 'battery:staple ✓', { registry: 'other.test' }),
    ];
    await trial.instance.side.hand(handed);
    await comes(trial, handed);
  }),

  basic('where nothing is handed over there is an empty list', async (trial) => {
    trial.equal('current', await current(trial), []);
  }),

  basic('what has expired is not given', async (trial) => {
    const lasting = credential(trial, 'for good', { registry: 'other.test' });
    const handed = [credential(trial, 'for a while', { life: 2 * longTime }), lasting];
    await trial.instance.side.hand(handed);
    await comes(trial, handed);
    const mend = await trial.instance.side.breakDown();
    await trial.instance.clock.advance(2 * longTime);
    trial.equal('current', await current(trial), [lasting]);
    await mend();
  }),

  basic('who is refused is handed others, sooner or later', async (trial) => {
    const { side, clock } = trial.instance;
    const [first, second] = [credential(trial, 'the first'), credential(trial, 'the second')];
    await side.hand([first]);
    await comes(trial, [first]);
    await side.hand([second]);
    await clock.advance(longTime);
    await trial.within('refused', trial.instance.refused(first));
    await comes(trial, [second]);
  }),

  idempotent('asking changes nothing, and neither does a refusal of what was never given', async (trial) => {
    const { side, clock } = trial.instance;
    const first = credential(trial, 'the first');
    await side.hand([first]);
    await comes(trial, [first]);
    await side.hand([credential(trial, 'the second')]);
    await clock.advance(3_600_000);
    await trial.within('refused', trial.instance.refused({ ...first, registry: 'never.test' }));
    await trial.within('refused', trial.instance.refused({ ...first, username: 'somebody-else' }));
    for (let time = 0; time < 3; time++) trial.equal('current', await current(trial), [first]);
  }),

  concurrent('who asks at the same time is given the same', async (trial) => {
    await trial.instance.side.hand([credential(trial, 'correct horse')]);
    await comes(trial, [credential(trial, 'correct horse')]);
    const all = await trial.within('50 answers', Promise.all(Array.from({ length: 50 }, () => current(trial))));
    for (const each of all) trial.equal('current', each, all[0]);
  }),

  fault('where nobody can be asked there is an empty list, until somebody can', async (trial) => {
    const { side } = trial.instance;
    const mend = await side.breakDown();
    trial.equal('current', await current(trial), []);
    await side.hand([credential(trial, 'correct horse')]);
    await mend();
    await comes(trial, [credential(trial, 'correct horse')]);
  }),

  fault('a call that is aborted before it begins rejects with the abort', async (trial) => {
    const reason = new Error('the caller has changed its mind');
    const error = await trial.rejects('current', () => trial.instance.current(AbortSignal.abort(reason)));
    trial.holds('the rejection', isAbort(error, reason), "the signal's reason, or an AbortError", error);
  }),

  durable('what is still good is known after a restart, whoever can be asked', async (trial) => {
    const handed = [credential(trial, 'correct horse', { life: 2 * longTime })];
    await trial.instance.side.hand(handed);
    await comes(trial, handed);
    await trial.within('stop', trial.close());
    const mend = await trial.instance.side.breakDown();
    await trial.reopen();
    trial.equal('current', await current(trial), handed);
    await mend();
  }),
];
