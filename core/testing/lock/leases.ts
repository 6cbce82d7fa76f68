import type { LockProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { acquire, type LockTrial, turns, Waiting } from './means.js';

type Run = (trial: LockTrial) => Promise<void>;
const ofLevel =
  (level: KitCase<LockProvider>['level']) =>
  (name: string, run: Run): KitCase<LockProvider> => ({ name, level, run });
const [basic, idempotent, concurrent] = [ofLevel('basic'), ofLevel('idempotent'), ofLevel('concurrent')];

const names = [
  'a',
  'A',
  ' a',
  'a:b',
  'a b',
  '{a}',
  '__proto__',
  'constructor',
  'clé',
  '🔒',
  'x'.repeat(512),
  '*',
  'a\n',
];
const noNames = ['', 'x'.repeat(513), 'a\0b', '\ud800'];

/** What a lease is, and who has it. */
export const leaseCases: readonly KitCase<LockProvider>[] = [
  basic('a free name is had, with a fence and a signal that has not aborted', async (trial) => {
    const lease = await acquire(trial, 'kit');
    trial.equal('its name', lease.name, 'kit');
    trial.holds('its fence', Number.isSafeInteger(lease.fence) && lease.fence > 0, 'a positive integer', lease.fence);
    trial.equal('whether its signal has aborted', lease.signal.aborted, false);
    await trial.within('release', lease.release());
    trial.equal('whether its signal has aborted after the release', lease.signal.aborted, false);
  }),

  basic('a second call waits until the first lease is released', async (trial) => {
    const first = await acquire(trial, 'kit');
    const second = new Waiting(trial.instance.acquire('kit'));
    await turns();
    trial.equal('whether the second lease was had while the first lasted', second.had, false);
    await first.release();
    const lease = await trial.within('the second lease', second.ended);
    await lease.release();
  }),

  basic('each lease of a name has a greater fence than those before', async (trial) => {
    let before = 0;
    for (let n = 0; n < 20; n++) {
      const lease = await acquire(trial, 'kit');
      trial.holds(`fence ${n}`, lease.fence > before, `more than ${before}`, lease.fence);
      before = lease.fence;
      await lease.release();
    }
  }),

  basic('names that differ in anything have nothing in common', async (trial) => {
    const leases = [];
    for (const name of names) leases.push(await acquire(trial, name));
    trial.equal(
      'the names of the leases',
      leases.map(({ name }) => name),
      names,
    );
    for (const lease of leases) await lease.release();
  }),

  basic('what is no name is refused with a TypeError', async (trial) => {
    for (const name of noNames) {
      const what = `acquire of ${JSON.stringify(name.slice(0, 20))}`;
      const error = await trial.rejects(what, () => trial.instance.acquire(name));
      trial.holds(what, error instanceof TypeError, 'TypeError', error);
    }
  }),

  basic('a lease lasts as long as its holder works', async (trial) => {
    const { advance } = trial.subject;
    if (!advance) throw new KitSkip('time cannot be moved on by hand');
    const lease = await acquire(trial, 'kit');
    const other = new Waiting(trial.instance.acquire('kit'));
    for (let hour = 0; hour < 3; hour++) await advance.call(trial.subject, 3_600_000);
    trial.equal('whether the lease is lost after three hours', lease.signal.aborted, false);
    trial.equal('whether another had it meanwhile', other.had, false);
    await lease.release();
    await (await trial.within('the next lease', other.ended)).release();
  }),

  idempotent('a release that comes twice takes nothing from the next holder', async (trial) => {
    const first = await acquire(trial, 'kit');
    await first.release();
    const second = await acquire(trial, 'kit');
    await trial.within('the second release', first.release());
    const third = new Waiting(trial.instance.acquire('kit'));
    await turns();
    trial.equal('whether a third had the lease of the second', third.had, false);
    trial.equal('whether the second lease is lost', second.signal.aborted, false);
    await second.release();
    await (await trial.within('the third lease', third.ended)).release();
  }),

  concurrent('within a host leases are had in the order of the calls, one at a time', async (trial) => {
    const order: number[] = [];
    let holders = 0;
    let most = 0;
    let before = 0;
    const one = async (n: number): Promise<void> => {
      const lease = await trial.instance.acquire('kit');
      order.push(n);
      most = Math.max(most, ++holders);
      trial.holds(`fence ${n}`, lease.fence > before, `more than ${before}`, lease.fence);
      before = lease.fence;
      await turns(2);
      holders--;
      await lease.release();
    };
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    await trial.within('30 leases', Promise.all(numbers.map(one)));
    trial.equal('the order', order, numbers);
    trial.equal('how many held it at once', most, 1);
  }),

  concurrent('of several hosts one at a time has the lease, and a release is heard by all', async (trial) => {
    const { another } = trial.subject;
    if (!another) throw new KitSkip('the subject cannot be had by several hosts');
    const hosts = [trial.instance, trial.observed(await another()), trial.observed(await another())];
    let holders = 0;
    let most = 0;
    const fences: number[] = [];
    const one = async (locks: LockProvider): Promise<void> => {
      const lease = await locks.acquire('kit');
      most = Math.max(most, ++holders);
      fences.push(lease.fence);
      await turns(5);
      holders--;
      await lease.release();
    };
    await trial.within('30 leases', Promise.all(Array.from({ length: 10 }, () => hosts.map(one)).flat()));
    trial.equal('how many held it at once', most, 1);
    trial.equal(
      'the order of the fences',
      fences,
      fences.toSorted((a, b) => a - b),
    );
    trial.equal('how many fences there were', new Set(fences).size, 30);
  }),
];
