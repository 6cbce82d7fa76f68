import { describe, expect, it } from 'vitest';
import { defaultFaults, parametersFor, parameterValues, validateParameters } from './configuration.js';
import type { ApplicationDescription, ConfigurationSchema, Setting } from './description.js';
import { Matcher } from './expression.js';

type Sample = Pick<ApplicationDescription, 'parameters' | 'configuration'>;

function sample(schema: Partial<ConfigurationSchema>, setting: Partial<Setting> = {}, value?: string | number): Sample {
  return {
    parameters: { it: { ...(value !== undefined && { value }), targets: [{ pointer: 'IT', components: ['web'] }] } },
    configuration: {
      sections: [{ name: 's', settings: [{ parameter: 'it', name: 'It', immutable: false, schema: 'x', ...setting }] }],
      schemas: [{ name: 'x', dataType: 'string', allowEmpty: false, ...schema }],
    },
  };
}
const message = (of: Sample, it: Parameters<typeof validateParameters>[1][string]) =>
  validateParameters(of, { it }).faults[0]?.message;

describe('validateParameters', () => {
  it.each([
    [{ dataType: 'string', minLength: 2 }, 'ab', 'a', 'must have at least 2 characters, not 1'],
    [{ dataType: 'string', maxLength: 2 }, '👍👍', 'abc', 'must have at most 2 characters, not 3'],
    [{ dataType: 'string', regexMatch: '^a+$' }, 'aa', 'b', 'must match ^a+$'],
    [{ dataType: 'string' }, 'a', 7, 'must be text, not 7'],
    [{ dataType: 'string' }, 'a', '', 'must not be empty'],
    [{ dataType: 'boolean' }, true, 'true', 'must be true or false, not the text "true"'],
    [{ dataType: 'integer' }, 3, 3.5, 'must be a whole number, not 3.5'],
    [{ dataType: 'integer' }, 3, '3', 'must be a number, not the text "3"'],
    [{ dataType: 'integer', minValue: 1 }, 1, 0, 'must be at least 1, not 0'],
    [{ dataType: 'double', maxValue: 1.5 }, 1.5, 1.6, 'must be at most 1.5, not 1.6'],
    [{ dataType: 'double', minPrecision: 2 }, 1.25, 1.2, 'must have at least 2 digits after the point, not 1'],
    [{ dataType: 'double', maxPrecision: 2 }, 1.25, 1e-7, 'must have at most 2 digits after the point, not 7'],
    [{ dataType: 'string', options: ['a', 'b'] }, 'b', 'c', 'must be one of "a", "b", not the text "c"'],
    [{ dataType: 'integer', options: [1, 2] }, 2, 3, 'must be one of 1, 2, not 3'],
    [{ dataType: 'string', options: ['a', 'b'] }, 'a', ['a'], 'must be one of "a", "b", not a list'],
    [
      { dataType: 'string', multiselect: true, options: ['a', 'b'] },
      ['a', 'b'],
      ['a', 'c'],
      'item 2 must be one of "a", "b", not the text "c"',
    ],
    [{ dataType: 'array[string]', maxLength: 1 }, ['a'], ['a', 'bb'], 'item 2 must have at most 1 characters, not 2'],
    [{ dataType: 'array[integer]', maxValue: 5 }, [5], [5, 6], 'item 2 must be at most 5, not 6'],
    [{ dataType: 'array[double]' }, [0.5], ['0.5'], 'item 1 must be a number, not the text "0.5"'],
    [{ dataType: 'array[boolean]' }, [true], true, 'must be a list, not true'],
    [{ dataType: 'array[string]' }, ['a'], [], 'must not be empty'],
  ] as const)('%j accepts %j and refuses %j', (schema, good, bad, why) => {
    expect(message(sample(schema), good)).toBeUndefined();
    expect(message(sample(schema), bad)).toBe(why);
  });

  it('lets nothing stand where nothing is allowed', () => {
    expect(message(sample({ allowEmpty: true, minLength: 3 }), '')).toBeUndefined();
    expect(validateParameters(sample({ allowEmpty: true }), {}).faults).toEqual([]);
    expect(validateParameters(sample({}), {}).faults).toEqual([{ field: 'it', message: 'needs a value' }]);
  });

  it('overlays defaults with values and keeps the targets', () => {
    const of = sample({}, {}, 'default');
    expect(parameterValues(validateParameters(of, {}).parameters)).toEqual({ it: 'default' });
    expect(parameterValues(validateParameters(of, { it: null }).parameters)).toEqual({ it: 'default' });
    expect(validateParameters(of, { it: 'mine' }).parameters).toEqual({
      it: { value: 'mine', targets: of.parameters['it']?.targets },
    });
  });

  it('knows the names', () => {
    const { faults } = validateParameters(sample({}, {}, 'x'), { itt: 'a', toString: 'b' });
    expect(faults).toEqual([
      { field: 'itt', message: 'is no parameter of this application; did you mean "it"?' },
      { field: 'toString', message: 'is no parameter of this application' },
    ]);
  });

  it('keeps what must not change after installation', () => {
    const of = sample({}, { immutable: true }, 'new default');
    expect(validateParameters(of, { it: 'b' }, { it: 'a' }).faults).toEqual([
      { field: 'it', message: 'cannot change after installation' },
    ]);
    expect(validateParameters(of, { it: 'a' }, { it: 'a' }).faults).toEqual([]);
    expect(parameterValues(validateParameters(of, {}, { it: 'a' }).parameters)).toEqual({ it: 'a' });
    expect(validateParameters(sample({}), { it: 'b' }, { it: 'a' }).faults).toEqual([]);
  });

  it('checks the kind of a value without any schema', () => {
    const of: Sample = { parameters: { it: { targets: [] } } };
    expect(message(of, 'x')).toBeUndefined();
    expect(message(of, [1, 2])).toBeUndefined();
    expect(message(of, { a: 1 })).toContain('not an object');
    expect(message(of, [1, 'a'])).toContain('not a list');
  });

  it('stops an expression that would run for years', () => {
    expect(message(sample({ regexMatch: '^(a+)+$' }), `${'a'.repeat(40)}!`)).toContain('takes too long');
    expect(new Matcher({ milliseconds: 20 }).matches(/^(a+)+$/u, `${'a'.repeat(40)}!`)).toBeUndefined();
  });

  it.each([
    ['values', (of: Sample, matcher: Matcher) => validateParameters(of, {}, undefined, matcher).faults],
    ['defaults', defaultFaults],
  ])('gives all expressions on %s together no more time than one', (_, faultsOf) => {
    const { matcher, attempts } = working(20, 20);
    const runsAway = faultsOf(many(300, `${'a'.repeat(40)}!`), matcher);
    expect(runsAway).toHaveLength(300);
    expect(runsAway[0]?.message).toBe('is too slow to check: the expression ^(a+)+$ takes too long on it');
    expect(runsAway[299]?.message).toContain('is too slow to check: the expression ^(a+)+$ took all the time');
    expect(attempts()).toBe(1);
    expect(faultsOf(many(300, 'aaa'), working(60_000, 200).matcher)).toEqual([]);
    expect(faultsOf(many(300, 'aaa'), working(600_000, 20_000).matcher)).toHaveLength(270);
  });

  it('counts only the time in which it worked, however long the machine ran others', () => {
    const times = [0, 0, 0, 20];
    const matcher = new Matcher({ milliseconds: 20, worked: () => times.shift() ?? Number.NaN });
    expect(matcher.matches(/^(a+)+$/u, `${'a'.repeat(40)}!`)).toBeUndefined();
    expect(times).toEqual([]);
  });

  it.each([
    ['a\0b', 'must not hold a NUL character'],
    [['a', '\0'], 'item 2 must not hold a NUL character'],
  ])('refuses %j, which no program can be given', (value, why) => {
    expect(message(sample({}, { schema: 'none' }), value)).toBe(why);
    expect(message(sample({ multiselect: true }), value)).toBe(why);
    expect(defaultFaults({ parameters: { it: { value, targets: [] } } })).toEqual([{ field: 'it', message: why }]);
  });
});

/** A matcher that has so many milliseconds, and takes so many for each attempt. */
function working(milliseconds: number, each: number) {
  let reads = 0;
  const matcher = new Matcher({
    milliseconds,
    worked: () => {
      reads += 1;
      return reads * each;
    },
  });
  return { matcher, attempts: () => reads / 2 };
}

/** So many parameters with this default and one expression that can run away. */
function many(count: number, value: string): Sample {
  const names = Array.from({ length: count }, (_, index) => `p${index}`);
  const targets = [{ pointer: 'IT', components: ['web'] }];
  return {
    parameters: Object.fromEntries(names.map((name) => [name, { value, targets }])),
    configuration: {
      sections: [
        { name: 's', settings: names.map((name) => ({ parameter: name, name, immutable: false, schema: 'x' })) },
      ],
      schemas: [{ name: 'x', dataType: 'string', allowEmpty: false, regexMatch: '^(a+)+$' }],
    },
  };
}

it('defaultFaults tells which defaults break their own schema', () => {
  expect(defaultFaults(sample({ dataType: 'integer', maxValue: 5 }, {}, 9))).toEqual([
    { field: 'it', message: 'must be at most 5, not 9' },
  ]);
  expect(defaultFaults(sample({ dataType: 'integer', maxValue: 5 }, {}, 5))).toEqual([]);
});

it('parametersFor drops what does not concern the profile', () => {
  const component = (name: string) => ({ name, properties: {}, extensions: {} });
  const parameters = {
    a: { value: 1, targets: [{ pointer: 'A', components: ['web', 'db'] }] },
    b: { value: 2, targets: [{ pointer: 'B', components: ['db'] }] },
  };
  expect(parametersFor({ components: [component('web')] }, parameters)).toEqual({
    a: { value: 1, targets: [{ pointer: 'A', components: ['web'] }] },
  });
});
