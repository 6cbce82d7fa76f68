import { z } from 'zod';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { at, type LifecycleTrial, started, succeeds } from './means.js';
import type { DefinitionUnderTest, MadeEntry } from './subject.js';

const wellFormed = z.union([
  z.object({ status: z.literal('ok'), reason: z.string().optional() }),
  z.object({ status: z.enum(['degraded', 'failed']), reason: z.string().min(1) }),
]);

function check(trial: LifecycleTrial, entry: MadeEntry, when: string): void {
  const health = entry.health();
  trial.holds(`health ${when}`, !(health instanceof Promise), 'it to be told at once', 'a promise');
  const form = wellFormed.safeParse(health);
  trial.holds(`health ${when}`, form.success, 'a status ok, or degraded or failed with a reason', health);
}

/** What an entry says of itself. */
export const healthCases: readonly KitCase<DefinitionUnderTest>[] = [
  at('basic', 'health is told at once, from create to after stop', async (trial) => {
    await trial.instance.makeDataDir();
    const entry = trial.observed(await trial.instance.make());
    if (entry.health() === undefined) throw new KitSkip('it has no health of its own');
    check(trial, entry, 'before start');
    await succeeds(trial, 'start', entry.start());
    check(trial, entry, 'after start');
    await succeeds(trial, 'stop', entry.stop());
    check(trial, entry, 'after stop');
  }),

  at('basic', 'health begins nothing', async (trial) => {
    const entry = await started(trial);
    if (entry.health() === undefined) throw new KitSkip('it has no health of its own');
    const before = [...trial.instance.opened.now()];
    for (let call = 0; call < 100; call++) entry.health();
    const more = trial.instance.opened.now().length - before.length;
    trial.holds('what 100 calls of health have opened', more <= 0, 'nothing', trial.instance.opened.now());
    await succeeds(trial, 'stop', entry.stop());
  }),
];
