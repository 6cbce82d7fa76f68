import { type Change, collection, type Json, put, type StateProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { docs, files, reader, refused, type StateTrial, watching } from './fixtures.js';

type Run = (trial: StateTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<StateProvider> => ({ name, level: 'basic', run });

interface Anything {
  readonly value: Json;
}
const anything = collection<Anything>('kit-anything');

/** Documents that naive stores bend. */
const awkward: readonly Json[] = [
  null,
  '',
  [],
  {},
  [[], {}, null, '', 0, false],
  { '': { ' ': 'blank' }, 'a.b': 1, 'quote\'"': '\\', 'line\nbreak': '\t\0' },
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as Json,
  [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Number.MAX_VALUE, Number.MIN_VALUE, 0.1 + 0.2, -1e-7],
  ['é', 'e\u0301', '\u{1F600}', '\uFFFF', '\uD800', '\uDC00\uD800', '\u2028'],
  { '10': 'a', '9': 'b', z: 'c', a: 'd' },
  'x'.repeat(200_000),
];

/** Changes an object that should not let it, as a careless caller would. */
function meddle(work: () => void): void {
  try {
    work();
  } catch (error) {
    // A frozen object refuses with a TypeError: that is the better answer.
    if (!(error instanceof TypeError)) throw error;
  }
}

/** What goes in comes out, and stays as it is. */
export const valueCases: readonly KitCase<StateProvider>[] = [
  basic('a JSON document comes back exactly, members in their order', async (trial) => {
    for (const [at, value] of awkward.entries()) {
      await trial.instance.commit([put(anything, `v${at}`, { value })]);
      const found = await trial.instance.get(anything, `v${at}`);
      trial.equal(`document ${at}`, JSON.stringify(found?.value), JSON.stringify({ value }));
      trial.equal(`document ${at}`, found?.value, { value });
    }
  }),

  basic('a member that is undefined is left out', async (trial) => {
    await trial.instance.commit([put(anything, 'a', { value: { kept: 1, gone: undefined } })]);
    trial.equal('get', (await trial.instance.get(anything, 'a'))?.value, { value: { kept: 1 } });
  }),

  basic('bytes come back exactly', async (trial) => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    const parts = [all, all.subarray(10, 20), new Uint8Array(), new Uint8Array(300_000).fill(7)];
    for (const [at, bytes] of parts.entries()) {
      await trial.instance.commit([put(files, `f${at}`, bytes)]);
      const found = await trial.instance.get(files, `f${at}`);
      trial.holds('the value', found?.value instanceof Uint8Array, 'a Uint8Array', found);
      trial.equal(`bytes ${at}`, Buffer.from(found?.value ?? []).toString('hex'), Buffer.from(bytes).toString('hex'));
    }
  }),

  basic('what is not JSON is refused with a TypeError and nothing of its commit is written', async (trial) => {
    const cycle: Record<string, unknown> = {};
    cycle['itself'] = cycle;
    for (const value of [new Date(0), Number.NaN, Number.POSITIVE_INFINITY, () => 1, new Map(), 1n, undefined, cycle]) {
      const bad = { value: { deep: [value] } } as unknown as Anything;
      const changes = [put(docs, 'a', { n: 1 }), put(anything, 'x', bad)];
      const what = `a commit of ${String(Object.prototype.toString.call(value))}`;
      await refused(trial, what, trial.instance.commit(changes), TypeError);
    }
    const text = 'no bytes' as unknown as Uint8Array;
    const changes = [put(docs, 'a', { n: 1 }), put(files, 'x', text)];
    await refused(trial, 'a commit of text as bytes', trial.instance.commit(changes), TypeError);
    trial.equal('count', await trial.instance.count(docs), 0);
  }),

  basic('keys are well-formed text', async (trial) => {
    for (const key of ['nul\0', '\uD800']) {
      await trial.rejects(`the key ${JSON.stringify(key)}`, trial.instance.commit([put(docs, key, { n: 1 })]));
    }
    const keys = ['', ' ', '/', "'", '%', '_', 'é', 'e\u0301', '\u{1F600}', '\uFFFF', 'k'.repeat(500)];
    for (const [n, key] of keys.entries()) await trial.instance.commit([put(docs, key, { n })]);
    for (const [n, key] of keys.entries()) {
      trial.equal(`get of ${JSON.stringify(key)}`, (await trial.instance.get(docs, key))?.value, { n });
    }
  }),

  basic('a change that cannot be kept is refused with a TypeError', async (trial) => {
    const changes: readonly (readonly [string, Change])[] = [
      ['a key with U+0000', put(docs, 'nul\0', { n: 1 })],
      ['an index entry with U+0000', put(docs, 'a', { n: 1, tags: ['nul\0'] })],
      ['an index entry that is half a character', put(docs, 'a', { n: 1, tags: ['\uD800'] })],
      ['a value that is not JSON', put(docs, 'a', { n: Number.NaN })],
    ];
    for (const [what, change] of changes) {
      await refused(trial, `a commit of ${what}`, trial.instance.commit([change]), TypeError);
    }
    trial.equal('count', await trial.instance.count(docs), 0);
  }),

  basic('what a caller does to an object it passed in changes nothing', async (trial) => {
    const value = { n: 1, tags: ['a'] };
    const bytes = new Uint8Array([1, 2, 3]);
    const commit = trial.instance.commit([put(docs, 'a', value), put(files, 'f', bytes)]);
    value.n = 2;
    value.tags.push('b');
    bytes[0] = 9;
    await commit;
    value.n = 3;
    bytes[1] = 9;
    trial.equal('the document', (await trial.instance.get(docs, 'a'))?.value, { n: 1, tags: ['a'] });
    trial.equal('the index', await trial.instance.count(docs, { index: { name: 'byTag', equals: 'b' } }), 0);
    trial.equal('the bytes', [...((await trial.instance.get(files, 'f'))?.value ?? [])], [1, 2, 3]);
  }),

  basic('what a caller does to an object it got out changes nothing', async (trial) => {
    await watching(async (signal) => {
      const documents = reader(trial.instance.watch(docs, signal));
      const blobs = reader(trial.instance.watch(files, signal));
      await trial.instance.commit([put(docs, 'a', { n: 1, tags: ['a'] }), put(files, 'f', new Uint8Array([1]))]);
      const [event] = await documents.next(trial, 1);
      const [blobEvent] = await blobs.next(trial, 1);
      const got = await trial.instance.get(docs, 'a');
      const listed = (await trial.instance.list(docs)).items[0];
      for (const seen of [event?.kind === 'put' ? event.value : undefined, got?.value, listed?.value]) {
        meddle(() => Object.assign(seen ?? {}, { n: 7 }));
        meddle(() => void (seen?.tags as string[] | undefined)?.push('b'));
      }
      const blob = await trial.instance.get(files, 'f');
      const listedBlob = (await trial.instance.list(files)).items[0];
      const eventBlob = blobEvent?.kind === 'put' ? blobEvent.value : undefined;
      for (const seen of [blob?.value, listedBlob?.value, eventBlob]) meddle(() => seen?.fill(9));
      trial.equal('the document', (await trial.instance.get(docs, 'a'))?.value, { n: 1, tags: ['a'] });
      trial.equal('the bytes', [...((await trial.instance.get(files, 'f'))?.value ?? [])], [1]);
    });
  }),
];
