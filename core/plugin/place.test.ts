import { describe, expect, it } from 'vitest';
import { placeIn } from './place.js';

function thrownAt(...lines: readonly string[]): Error {
  return Object.assign(new Error('no luck'), { stack: ['Error: no luck', ...lines].join('\n') });
}

describe('placeIn', () => {
  it.each<[string, string, string]>([
    ['of a function', '    at deep (/plant/press/a.ts:7:25)', '/plant/press/a.ts:7'],
    ['of a module', '    at /plant/press/a.ts:8:1', '/plant/press/a.ts:8'],
    ['after an await', '    at async /plant/press/a.ts:9:1', '/plant/press/a.ts:9'],
    ['of a method after an await', '    at async Press.start (/plant/press/a.ts:9:1)', '/plant/press/a.ts:9'],
    ['of an ES module', '    at file:///plant/press/lib/a.mjs:2:7', '/plant/press/lib/a.mjs:2'],
    ['of a file with brackets', '    at new A (/plant/press/(old) a.ts:2:7)', '/plant/press/(old) a.ts:2'],
  ])('finds a line %s', (_, line, place) => {
    expect(placeIn(['/plant/press'], thrownAt(line))).toBe(place);
  });

  it('finds the place that Node puts before a stack', () => {
    const stack = "file:///plant/press/a.mjs:2\nimport { gone } from './b.mjs';\n         ^^^^\nSyntaxError: no export";
    expect(placeIn(['/plant/press'], Object.assign(new Error(), { stack }))).toBe('/plant/press/a.mjs:2');
  });

  it('takes the innermost line of the folder, not of what called it, was called or is installed', () => {
    const error = thrownAt(
      '    at Function.from (node:buffer:322:9)',
      '    at eval (eval at made (/plant/press/a.ts:1:1), <anonymous>:1:1)',
      '    at pad (/plant/press/node_modules/left-pad/index.js:1:1)',
      '    at other (/plant/press-two/a.ts:2:1)',
      '    at inner (/plant/press/lib/b.ts:3:1)',
      '    at /plant/press/a.ts:4:1',
      '    at compile (/host/loader.js:5:1)',
    );
    expect(placeIn(['/plant/press'], error)).toBe('/plant/press/lib/b.ts:3');
    expect(placeIn(['/elsewhere', '/host'], error)).toBe('/host/loader.js:5');
  });

  it('finds nothing in what is no error, or comes from elsewhere', () => {
    expect(placeIn(['/plant/press'], 'at /plant/press/a.ts:1:1')).toBeUndefined();
    expect(placeIn(['/plant/press'], thrownAt('    at /plant/other.ts:1:1'))).toBeUndefined();
    expect(placeIn([], thrownAt('    at /plant/press/a.ts:1:1'))).toBeUndefined();
  });
});
