import { describe, expect, it } from 'vitest';
import { namesOf } from './names.js';

describe('the names of a new package', () => {
  it.each([
    ['my-target', { package: 'my-target', short: 'my-target', folder: 'my-target' }],
    ['@plant-a/press', { package: '@plant-a/press', short: 'press', folder: 'press' }],
    ['tutti-target-press', { package: 'tutti-target-press', short: 'press', folder: 'tutti-target-press' }],
    ['target-press', { package: 'target-press', short: 'press', folder: 'target-press' }],
    ['target-7', { package: 'target-7', short: 'target-7', folder: 'target-7' }],
  ])('%s', (written, names) => {
    expect(namesOf('target', written)).toEqual(names);
  });

  it.each([
    '',
    'My-Target',
    'my_target',
    'my--target',
    '-target',
    '7up',
    'a/b',
    '../up',
    '@/x',
    '@Plant/x',
    'x'.repeat(64),
    'tutti',
    'http',
    'fs',
  ])('refuses %j', (written) => {
    expect(namesOf('target', written)).toEqual(expect.any(String));
  });
});
