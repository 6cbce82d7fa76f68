import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportsOf } from './author-api.js';

const root = resolve(import.meta.dirname, '../..');
const modules = ['core/plugin/index.ts', 'core/testing/index.ts'].map((file) => join(root, file));
const found = exportsOf(join(root, 'tsconfig.json'), modules);
/** A library of its own, under its own promises. */
const foreign = ['z'];

describe.each(modules)('everything that authors import from %s', (file) => {
  const names = (found.get(file) ?? []).filter(({ name }) => !foreign.includes(name));

  it('says how settled it is, once: `@stable since <version>` or `@experimental`', () => {
    const unmarked = names.filter(
      ({ marks }) => marks.length !== 1 || !/^(stable since \d+\.\d+\.\d+|experimental)$/.test(marks[0] ?? ''),
    );
    expect(unmarked).toEqual([]);
  });

  it('is seen by this test', () => {
    const seen = names.map(({ name }) => name);
    expect(seen).toEqual(expect.arrayContaining(file.includes('plugin') ? plugin : testing));
  });
});

/** Kinds of export that a walk could miss: function, constant and interface of one name, class, type, interface. */
const plugin = ['defineProvider', 'StateProvider', 'Problem', 'Reply', 'Definition'];
const testing = ['startTestHost', 'stateKit', 'KitFailure', 'KitLevel', 'TestHost'];
