import type { Json } from '../../../ports/state.js';
import type { KitCase } from '../../kit.js';
import type { BindingUnderTest } from '../subject.js';
import { prefix } from '../toy/vendor.js';
import { answered, type BindingTrial, basic } from './means.js';

/** The contract takes 100 levels, those around the value included. */
const deep = (levels: number): Json =>
  levels === 0 ? 'bottom' : { in: levels % 2 ? [deep(levels - 1)] : deep(levels - 1) };

const values: Readonly<Record<string, Json>> = {
  'text and its absence': ['', ' ', 'plain', 'null', '0', 'true'],
  'text of all scripts': [
    'grüß',
    'Ελλάδα',
    '漢字',
    '\u{1F600}\u{1F468}\u200D\u{1F469}',
    'e\u0301',
    '\uFEFF\u2028\u2029',
    'a\r\nb\tc\\d"e/f\u0001\u007F',
  ],
  numbers: [0, 1, -1, 0.1, 1.5e-7, 1e21, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  'truth and nothing': [true, false, null],
  'empty lists and objects': [[], {}, [[]], [{}], { a: [], b: {}, c: '', d: null }],
  objects: { '': 1, 'a b': 2, ü: 3, constructor: 4, toString: 5, 'x.y': { 'x/y': 6 }, '0': 7 },
  'a list in a list': [
    [1, [2, [3, []]]],
    [null, [null]],
  ],
  'a value 80 levels deep': deep(53),
  'a long text': 'ü'.repeat(100_000),
  'a long list': Array.from({ length: 5_000 }, (_, n) => ({ n, even: n % 2 === 0 })),
};

async function echo(trial: BindingTrial, what: string, value: Json | undefined): Promise<void> {
  const { value: found } = await answered(trial, 'value', 'echo', { value });
  trial.equal(what, found, { value });
}

async function typed(trial: BindingTrial, what: string, given: Readonly<Record<string, unknown>>): Promise<void> {
  const { value } = await answered(trial, 'value', 'type', given);
  trial.equal(`${what}: the fields that reached the operation, and came back`, value, {
    given,
    names: Object.keys(given).sort(),
  });
}

/** JSON on its way there and back, and what an answer says beside it. */
export const valueCases: readonly KitCase<BindingUnderTest>[] = [
  ...Object.entries(values).map(([what, value]) =>
    basic(`values arrive as they were sent: ${what}`, (trial) => echo(trial, what, value)),
  ),

  basic('an input of nearly 1 MiB arrives as it was sent', (trial) =>
    echo(trial, 'a text of 1,000,000 characters', 'x'.repeat(1_000_000)),
  ),

  basic('fields of declared types arrive as they were sent', async (trial) => {
    await typed(trial, 'all fields', {
      text: 'ü',
      nothing: 'something',
      flag: true,
      count: -1.5,
      whole: 2 ** 52,
      list: ['b', '', 'a'],
      map: { b: 2, a: 0.5, 'ü ü': 0 },
      inner: { a: 'x' },
      inners: [{ a: 'y' }, {}, { a: '' }],
      choice: 'two',
    });
  }),

  basic('a field that is not given is not there, and one that is empty is', async (trial) => {
    await typed(trial, 'no fields', {});
    await typed(trial, 'empty fields', { text: '', flag: false, count: 0, whole: 0, inner: {} });
    await typed(trial, 'a field that is null', { nothing: null });
    await typed(trial, 'a field whose first choice it is', { choice: 'one' });
  }),

  basic('an empty list is not the same as none', async (trial) => {
    trial.instance.needs('empty-lists');
    await typed(trial, 'empty lists', { list: [], map: {}, inners: [] });
  }),

  basic('a list may be the whole answer', async (trial) => {
    const { value } = await answered(trial, 'value', 'list', { items: 3 });
    trial.equal('a list of three', value, ['item 0', 'item 1', 'item 2']);
    trial.equal('an empty list', (await answered(trial, 'value', 'list', { items: 0 })).value, []);
  }),

  basic('an answer says what the call did: ok, created or accepted', async (trial) => {
    for (const outcome of ['ok', 'created', 'accepted'] as const) {
      const answer = await answered(trial, 'value', 'make', { id: 'a', outcome });
      trial.equal('the outcome', answer.outcome, outcome);
    }
  }),

  basic('an answer says where the thing is that was made, and its version', async (trial) => {
    const created = await answered(trial, 'value', 'make', { id: 'a', outcome: 'created' });
    trial.equal('the location, below the prefix of the vendor', created.location, `${prefix}/things/a`);
    trial.equal('the etag', created.etag, 'version-of-a');
    const { location } = await answered(trial, 'value', 'make', { id: 'a', outcome: 'ok' });
    trial.equal('the location of nothing new', location, undefined);
    const { etag } = await answered(trial, 'value', 'echo', { value: 1 });
    trial.equal('the etag of what has none', etag, undefined);
  }),

  basic('an answer may be empty', async (trial) => {
    trial.equal('the answer', await answered(trial, 'empty', 'forget', { id: 'a' }), { kind: 'empty' });
  }),
];
