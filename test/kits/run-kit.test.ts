import { expect, test } from 'vitest';
import {
  cases,
  conformance,
  type Kit,
  type KitCase,
  KitFailure,
  type MakeSubject,
  runKit,
} from '../../core/testing/index.js';
import memory from '../../providers/state/memory/index.js';

/** A kit of one case over a subject that is whatever it is. */
function kitOf(
  run: KitCase<Subject>['run'],
  name = 'it does what it should',
  level: KitCase<Subject>['level'] = 'basic',
) {
  const kit: Kit<Subject> = { port: 'toy', cases: [{ name, level, run }] };
  return kit;
}
interface Subject {
  wait(): Promise<void>;
}
const make: MakeSubject<Subject> = async () => ({
  instance: { wait: () => new Promise(() => undefined) },
  dispose: async () => undefined,
});
const passes = async (): Promise<void> => undefined;
const fails = async (): Promise<void> => {
  throw new KitFailure('the sum', '4', '5');
};

test('a failure that is expected is none, and says why', async () => {
  const expectedFailures = [{ case: 'it does what it should', because: 'the platform cannot add' }];
  const report = await runKit(kitOf(fails), make, { expectedFailures });
  expect(report).toMatchObject({ passed: 0, failed: 0, expected: 1 });
  expect(report.cases[0]).toMatchObject({ status: 'expected-failure', reason: 'the platform cannot add' });
});

test('a case that passes although its failure is expected has failed', async () => {
  const expectedFailures = [{ case: 'it does what it should', because: 'the platform cannot add' }];
  const report = await runKit(kitOf(passes), make, { expectedFailures });
  expect(report).toMatchObject({ failed: 1, expected: 0 });
  expect(report.cases[0]?.failure?.found).toBe('that it passes now: take it off the list');
});

test('a failure that is expected of no case is an error that names the nearest', async () => {
  const expectedFailures = [{ case: 'it does what it shuold', because: 'a slip' }];
  await expect(runKit(kitOf(passes), make, { expectedFailures })).rejects.toThrow(
    'a failure is expected of "it does what it shuold", but there is no such case; did you mean "it does what it should"?',
  );
  const expected = [{ case: 'stop twise succeeds', because: 'a slip' }];
  expect(() => conformance({ definition: memory, expectedFailures: expected })).toThrow(
    'did you mean "stop twice succeeds"?',
  );
});

test('an error that was expected is shown without the place where the kit made it', async () => {
  const wanted = Object.assign(new Error('the caller has changed its mind'), { reason: 'abort' });
  const report = await runKit(
    kitOf(async (trial) => trial.equal('the rejection', new Error('something else'), wanted)),
    make,
  );
  expect(report.cases[0]?.failure).toMatchObject({
    what: 'the rejection',
    expected: expect.stringMatching(/^Error: the caller has changed its mind \{\s+reason: 'abort'\s+\}$/),
    found: expect.stringContaining('Error: something else'),
  });
});

test('a case that hangs fails, and says in which call', async () => {
  const report = await runKit(
    kitOf(({ instance }) => instance.wait()),
    make,
    { patience: 10, stall: 50 },
  );
  expect(report.cases[0]?.failure?.found).toBe('nothing within 50 ms, and wait() has not ended');
});

test('a subject that cannot be made, or not stopped, fails its case', async () => {
  const broken: MakeSubject<Subject> = async () => {
    throw new Error('no disk');
  };
  const made = await runKit(kitOf(passes), broken);
  expect(made.cases[0]?.failure).toMatchObject({
    what: 'making and starting the subject',
    found: expect.stringContaining('Error: no disk (at '),
  });
  const endless: MakeSubject<Subject> = async () => ({
    ...(await make()),
    dispose: () => new Promise(() => undefined),
  });
  const stopped = await runKit(kitOf(passes), endless, { patience: 10 });
  expect(stopped.cases[0]?.failure).toMatchObject({ what: 'stopping the subject', expected: 'it to end' });
});

test('cases of performance are run only when they are asked for', async () => {
  const kit = kitOf(async (trial) => trial.measured('3 ms'), 'it is quick', 'performance');
  expect((await runKit(kit, make)).cases).toEqual([]);
  const { cases: asked } = await runKit(kit, make, { levels: ['performance'] });
  expect(asked).toEqual([expect.objectContaining({ status: 'passed', measurement: '3 ms' })]);
});

test('the cases of a conformance are those of its kits, for any test runner', async () => {
  const expectedFailures = [{ case: 'stop twice succeeds', because: 'to see what happens' }];
  const all = cases(conformance({ definition: memory, expectedFailures }));
  const named = (name: string) => all.find((each) => each.name === name);
  await expect(named('lifecycle, idempotent: stop twice succeeds')?.run()).rejects.toThrow('take it off the list');
  await expect(named('state, basic: an absent key has no value')?.run()).resolves.toBeUndefined();
  const skipped: string[] = [];
  await named('state, durable: values, bytes, indexes and revisions survive a restart')?.run({
    skip: (reason) => skipped.push(reason),
  });
  expect(skipped).toEqual(['the provider is not durable']);
});

test.each<[string, unknown]>([
  ['an object without a prototype', Object.create(null)],
  [
    'a proxy that answers nothing',
    new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('do not ask');
        },
      },
    ),
  ],
])('a case, a making and a stop that throw %s have failed', async (_, thrown) => {
  const throws = () => Promise.reject(thrown);
  const unstoppable: MakeSubject<Subject> = async () => ({ ...(await make()), dispose: throws });
  for (const [run, subject] of [
    [throws, make],
    [passes, throws],
    [passes, unstoppable],
  ] as const) {
    const { cases: found } = await runKit(kitOf(run), subject);
    expect(found).toMatchObject([{ status: 'failed', failure: { found: expect.stringContaining('cannot be shown') } }]);
  }
});

const refusals: readonly [string, () => Promise<unknown>, string, string][] = [
  [
    'a call that throws',
    () => {
      throw new TypeError('no');
    },
    'a promise that rejects',
    'that the call itself threw TypeError: no',
  ],
  ['a rejection with no error', () => Promise.reject('no'), 'a rejection with an Error', "one with 'no'"],
  ['an answer', async () => 1, 'a rejection', '1'],
];

test.for(refusals)('a case that wants a rejection tells %s from one', async ([_, work, expected, found]) => {
  const kit = kitOf(async (trial) => void (await trial.rejects('the call', work)));
  const [report] = (await runKit(kit, make)).cases;
  expect(report?.failure).toMatchObject({ what: 'the call', expected, found: expect.stringContaining(found) });
});
