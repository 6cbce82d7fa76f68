import fc from 'fast-check';
import type { ActualComponent } from '../../ports/index.js';
import { shownCounterexample } from '../counterexample.js';
import type { KitCase } from '../kit.js';
import { KitFailure, KitSkip } from '../trial.js';
import { actual, apply, eventually, only, remove, runs, type TargetTrial } from './means.js';
import type { TargetUnderTest } from './platform.js';

/** What may happen to one of the kit's applications. */
type Step =
  | { readonly kind: 'apply'; readonly id: string; readonly version: string }
  | { readonly kind: 'remove' | 'crash'; readonly id: string }
  | { readonly kind: 'restart' };

const ids = ['app-1', 'app-2'] as const;
const versions = ['1', '2'] as const;
/** Few, because each takes as long as the platform does. */
const steps = 6;
/** Of the trial's histories, for the same reason. */
const share = 1 / 20;

const id = fc.constantFrom(...ids);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('apply' as const), id, version: fc.constantFrom(...versions) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'crash' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);
/** A history, and what shall be at its end: a version for each application, or none. */
const history = fc.record({
  past: fc.array(step, { minLength: 1, maxLength: steps, size: 'max' }),
  desired: fc.tuple(...ids.map(() => fc.constantFrom('1', '2', 'none'))),
});

const sample = (trial: TargetTrial, name: string, version: string) =>
  trial.instance.platform.application(name, version);

async function perform(trial: TargetTrial, step: Step): Promise<void> {
  const { platform } = trial.instance;
  if (step.kind === 'apply') return apply(trial, sample(trial, step.id, step.version));
  if (step.kind === 'remove') return remove(trial, sample(trial, step.id, '1'));
  if (step.kind === 'crash') return platform.crash(step.id, only(sample(trial, step.id, '1')).name);
  if (!trial.subject.close || !trial.subject.reopen) return;
  await trial.close();
  await trial.reopen();
}

/** What the target says and what the platform shows must come to agree, whoever brings a crashed workload up again. */
async function agrees(trial: TargetTrial, name: string): Promise<void> {
  const component = only(sample(trial, name, '1')).name;
  let said: ActualComponent | undefined;
  let copies: readonly string[] = [];
  try {
    await eventually(trial, `actual says of ${name} what runs`, async () => {
      said = await actual(trial, sample(trial, name, '1'));
      copies = await trial.instance.platform.running(name, component);
      return (said?.phase === 'running') === (copies.length === 1) && copies.length <= 1;
    });
  } catch (cause) {
    if (!(cause instanceof KitFailure)) throw cause;
    const shown = `${said?.phase ?? 'absent'} where ${copies.length} copies run`;
    throw new KitFailure(`what actual says of ${name}`, 'what the platform shows', shown, { cause });
  }
}

async function converges(trial: TargetTrial, desired: readonly string[]): Promise<void> {
  for (const [at, name] of ids.entries()) {
    const version = desired[at] ?? 'none';
    if (version !== 'none') await apply(trial, sample(trial, name, version));
    else await remove(trial, sample(trial, name, '1'));
  }
  for (const [at, name] of ids.entries()) {
    const version = desired[at] ?? 'none';
    if (version !== 'none') await runs(trial, sample(trial, name, version), version);
    else
      trial.equal(`actual of ${name}, which shall be absent`, await actual(trial, sample(trial, name, '1')), undefined);
  }
}

/** One desired state, whatever came before. */
export const convergent: readonly KitCase<TargetUnderTest>[] = [
  {
    name: 'every random history of apply, remove, crash and restart ends as desired',
    level: 'convergent',
    async run(trial) {
      const property = fc.asyncProperty(history, async ({ past, desired }) => {
        for (const each of past) {
          await perform(trial, each);
          for (const name of ids) await agrees(trial, name);
        }
        await converges(trial, desired);
        for (const name of ids) await remove(trial, sample(trial, name, '1'));
        trial.equal('what is left', await trial.instance.platform.leftovers(), []);
      });
      const numRuns = Math.max(1, Math.round(trial.histories * share));
      // A history that failed has left the platform as it is: there is nothing to try a smaller one on.
      const result = await fc.check(property, { seed: trial.seed, numRuns, endOnFailure: true });
      if (!result.failed) return;
      const { errorInstance: cause, counterexample } = result;
      if (cause instanceof KitSkip) throw cause;
      const { what, expected, found } =
        cause instanceof KitFailure ? cause : new KitFailure('a history', 'no error', String(cause));
      throw new KitFailure(`${what}, after ${shownCounterexample(counterexample?.[0])}`, expected, found, { cause });
    },
  },
];
