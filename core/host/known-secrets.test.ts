import { expect, it } from 'vitest';
import { KnownSecrets } from './known-secrets.js';

const version = (n: number): string => `value of ${String(n).padStart(4, '0')}`;

it('the newest values of a source are hidden, however many come, and those of others whatever comes', () => {
  const secrets = new KnownSecrets();
  secrets.learn('other', ['asked for once']);
  for (let n = 0; n < 5_000; n++) secrets.learn('rotating', [version(n)]);
  expect(secrets.conceal(`${version(4_999)} ${version(4_900)} asked for once`)).toBe('[secret] [secret] [secret]');
  expect(secrets.conceal(version(4_899))).toBe(version(4_899));
  expect(secrets.size).toBe(101);
});

it('a value that is told again and again is a new one each time', () => {
  const secrets = new KnownSecrets();
  for (let n = 0; n < 5_000; n++) {
    secrets.learn('source', ['always here']);
    secrets.learn('source', [version(n)]);
  }
  expect(secrets.conceal('always here')).toBe('[secret]');
  expect(secrets.size).toBe(100);
});

it('a value that two sources have is hidden until both have forgotten it', () => {
  const secrets = new KnownSecrets();
  for (const source of ['one', 'other']) secrets.learn(source, ['in common', `of ${source}`]);
  for (let n = 0; n < 100; n++) secrets.learn('one', [version(n)]);
  expect(secrets.conceal('in common, of one')).toBe('[secret], of one');
  for (let n = 0; n < 100; n++) secrets.learn('other', [version(n)]);
  expect(secrets.conceal('in common')).toBe('in common');
});
