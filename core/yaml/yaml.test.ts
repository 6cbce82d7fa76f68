import { describe, expect, it } from 'vitest';
import { readLooseYaml, tooDeepAt } from './index.js';

describe('readLooseYaml', () => {
  it('follows anchors and merge keys', () => {
    expect(readLooseYaml('base: &b { a: 1 }\nmore: { <<: *b, c: 2 }').value).toEqual({
      base: { a: 1 },
      more: { a: 1, c: 2 },
    });
  });

  it('says where a document is broken', () => {
    expect(readLooseYaml('a: 1\nb: [').fault).toMatchObject({ line: 2 });
  });

  it('refuses an alias bomb', () => {
    const levels = Array.from({ length: 12 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(9)}]`);
    expect(readLooseYaml(`l0: &l0 [x]\n${levels.join('\n')}`).fault?.message).toMatch(/alias/i);
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['sequences', '- '.repeat(100_000)],
    ['mappings', Array.from({ length: 5000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['explicit keys', '? '.repeat(100_000)],
  ])('refuses a tower of %s instead of falling over it', (_what, text) => {
    expect(tooDeepAt(text)).toBeLessThan(text.length);
    expect(readLooseYaml(text).fault?.message).toBe('is nested too deeply');
  });
});
