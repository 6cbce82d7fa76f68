import { describe, expect, it } from 'vitest';
import { builtinRegistry, tuttiVersion } from './profile.js';

describe('the built-in definitions', () => {
  it('hold what is announced', async () => {
    const registry = builtinRegistry();
    await registry.load(tuttiVersion());
    expect(registry.definitions().map(({ type }) => type)).toEqual(registry.list().map(({ type }) => type));
    expect(registry.definitions().every(({ summary, type }) => summary !== type)).toBe(true);
  });
});
