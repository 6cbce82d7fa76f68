import { describe, expect, it } from 'vitest';
import { jsonObstacle } from './acceptable.js';

const nested = (levels: number): unknown => JSON.parse(`${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`);

describe('jsonObstacle', () => {
  it.each([null, 7, 'x', [], {}, { a: [1, { b: null }] }, nested(100)])('takes %j', (value) => {
    expect(jsonObstacle(value)).toBeUndefined();
  });

  it.each([102, 20_000, 200_000])('refuses %i levels', (levels) => {
    expect(jsonObstacle(nested(levels))).toMatch(/levels/);
  });

  it('refuses the one key that is no key everywhere', () => {
    expect(jsonObstacle(JSON.parse('{"a":{"__proto__":{}}}'))).toMatch(/__proto__/);
    expect(jsonObstacle({ constructor: 1, prototype: {} })).toBeUndefined();
  });

  it('refuses text that UTF-8 has no form for, wherever it stands', () => {
    expect(jsonObstacle({ a: ['\ud800'] })).toMatch(/surrogate/);
    expect(jsonObstacle({ 'a\udfff': 1 })).toMatch(/surrogate/);
    expect(jsonObstacle({ a: '\ud83d\ude00' })).toBeUndefined();
  });

  it('refuses numbers beyond all bounds', () => {
    expect(jsonObstacle(JSON.parse('{"a":[1e999]}'))).toMatch(/number/);
    expect(jsonObstacle(JSON.parse('-1e999'))).toMatch(/number/);
  });
});
