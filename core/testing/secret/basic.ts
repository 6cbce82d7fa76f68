import type { KitCase } from '../kit.js';
import { comes, get, goes, refused, type SecretTrial, untold } from './means.js';
import type { SecretUnderTest } from './store.js';

type Run = (trial: SecretTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<SecretUnderTest> => ({ name, level: 'basic', run });

const largest = 65_536;

/** Texts that are no names; where a provider makes paths or addresses of them, they lead elsewhere. */
const noNames = [
  '',
  '.',
  '..',
  '/',
  '/kit',
  'kit/',
  'a//b',
  './kit',
  '../kit',
  '../../etc/passwd',
  'a/../kit',
  'a/..',
  'a/./kit',
  '..\\kit',
  'C:\\kit',
  '/etc/passwd',
  'kit\0',
  '\0',
  'kit\n',
  ' kit',
  'kit?x=1',
  'kit#x',
  'kit%2e%2e',
  '%2e%2e/kit',
  'kit*',
  '$(kit)',
  '~/kit',
  'clé',
  'x'.repeat(254),
  `${'a/'.repeat(2_000)}b`,
];

/** Which values come back, and under which names. */
export const basicCases: readonly KitCase<SecretUnderTest>[] = [
  basic('a value is given as it was put there', async (trial) => {
    await trial.instance.store.put('kit-token', 'correct horse battery staple');
    trial.equal('get', await get(trial, 'kit-token'), 'correct horse battery staple');
    trial.equal('get, again', await get(trial, 'kit-token'), 'correct horse battery staple');
  }),

  basic('spaces, line breaks within and all of Unicode stay as they are', async (trial) => {
    const values = {
      spaces: '  two before, two after  ',
      tabs: '\tkey: value\t',
      lines: '-----BEGIN-----\nMIIB\r\nAAAA\n\n-----END-----',
      first: '\n\nafter two line breaks',
      unicode: 'pässwörd 密码 🔑 e\u0301 \u00e9 \u202e',
      quotes: `"'\`$HOME \${PATH} %s \\n {"a":[1]} <b>&amp;`,
      mark: '\ufeffafter a byte order mark',
      one: 'x',
    };
    for (const [name, value] of Object.entries(values)) await trial.instance.store.put(`kit-${name}`, value);
    for (const [name, value] of Object.entries(values)) trial.equal(name, await get(trial, `kit-${name}`), value);
  }),

  basic('one line break at the end is left out', async (trial) => {
    const values: readonly (readonly [string, string])[] = [
      ['unix\n', 'unix'],
      ['windows\r\n', 'windows'],
      ['two\n\n', 'two\n'],
      ['a\nb\n', 'a\nb'],
      ['space \n', 'space '],
    ];
    for (const [at, [put]] of values.entries()) await trial.instance.store.put(`kit-${at}`, put);
    for (const [at, [put, expected]] of values.entries()) {
      trial.equal(`get of ${JSON.stringify(put)}`, await get(trial, `kit-${at}`), expected);
    }
  }),

  basic('a name may have any of the letters and parts that names may have', async (trial) => {
    const names = ['a', 'B', '0', 'a.b_c-d', 'kit.d/App/db_1/password', '..data', 'x...', '_', `n${'0'.repeat(252)}`];
    for (const name of names) await trial.instance.store.put(name, `value of ${name}`);
    for (const name of names) trial.equal(`get of ${name}`, await get(trial, name), `value of ${name}`);
  }),

  basic('what is no name is invalid', async (trial) => {
    await trial.instance.store.put('kit', 'the value of kit');
    for (const name of noNames) await refused(trial, name, 'invalid');
  }),

  basic('a name that nothing is kept under is not found', async (trial) => {
    await trial.instance.store.put('kit-there/one', 'value');
    const names = ['kit-nowhere', 'kit-nowhere/one', 'kit-there', 'kit-there/two', 'kit-there/one/below'];
    for (const name of [...names, 'constructor', '__proto__', 'toString']) await refused(trial, name, 'not-found');
  }),

  basic('who calls again after a rotation gets the new value', async (trial) => {
    await trial.instance.store.put('kit-token', 'the first value');
    trial.equal('get', await get(trial, 'kit-token'), 'the first value');
    for (const value of ['the second value', 'third', 'the first value']) {
      await trial.instance.store.put('kit-token', value);
      await comes(trial, 'kit-token', value);
    }
  }),

  basic('what is put later is found, and what is removed is not', async (trial) => {
    await refused(trial, 'kit-token', 'not-found');
    await trial.instance.store.put('kit-token', 'value');
    await comes(trial, 'kit-token', 'value');
    await trial.instance.store.remove('kit-token');
    await goes(trial, 'kit-token');
  }),

  basic('a value of 65,536 bytes is given whole', async (trial) => {
    const values = ['x'.repeat(largest), `é${'y'.repeat(largest - 2)}`];
    for (const value of values) {
      await trial.instance.store.put('kit-large', value);
      await comes(trial, 'kit-large', value);
    }
  }),

  basic('a larger one is invalid, and no message holds it', async (trial) => {
    for (const [at, value] of ['x'.repeat(largest + 1), 'é'.repeat(largest / 2 + 1)].entries()) {
      await trial.instance.store.put(`kit-${at}`, value);
      untold(trial, await refused(trial, `kit-${at}`, 'invalid'), value);
    }
  }),

  basic('an empty one is invalid', async (trial) => {
    for (const [at, value] of ['', '\n'].entries()) {
      await trial.instance.store.put(`kit-${at}`, value);
      await refused(trial, `kit-${at}`, 'invalid');
    }
  }),
];
