import { describe, expect, it } from 'vitest';
import { unknownFields, withFields } from './fields.js';

const schema = {
  type: 'object',
  properties: {
    device: { type: 'string' },
    minutes: { type: 'integer' },
    forced: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    place: { $ref: '#/$defs/Place' },
    whatever: {},
  },
  $defs: { Place: { type: 'object', properties: { hall: { type: 'string' }, row: { type: 'number' } } } },
};

it.each([
  [['device=pump-1'], { device: 'pump-1' }],
  [['device=7'], { device: '7' }],
  [['device=a=b c'], { device: 'a=b c' }],
  [['device='], { device: '' }],
  [['minutes=7', 'forced=true'], { minutes: 7, forced: true }],
  [['minutes=many'], { minutes: 'many' }],
  [['tags=1', 'tags=b'], { tags: ['1', 'b'] }],
  [['tags=["x","y"]'], { tags: ['x', 'y'] }],
  [['place.hall=4', 'place.row=4'], { place: { hall: '4', row: 4 } }],
  [['whatever={"a":1}'], { whatever: { a: 1 } }],
  [['whatever=text'], { whatever: 'text' }],
  [['unknown=1'], { unknown: 1 }],
])('reads %j', (words, input) => expect(withFields({}, words, schema)).toEqual(input));

it('adds to what is there, and leaves that as it was', () => {
  const given = { place: { hall: 'A', row: 1 }, device: 'pump-1' };
  expect(withFields(given, ['place.row=2'], schema)).toEqual({ place: { hall: 'A', row: 2 }, device: 'pump-1' });
  expect(given.place.row).toBe(1);
});

it.each(['device', '=x', '--device=x y'.slice(0, 8), 'a b=c'])('refuses %j', (word) => {
  expect(() => withFields({}, [word], schema)).toThrow('is no field of the input');
});

it('makes nothing but own members', () => {
  const input = withFields({}, ['__proto__.polluted=1', 'constructor=x'], schema);
  expect(Object.hasOwn({}, 'polluted')).toBe(false);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(input['constructor']).toBe('x');
});

describe('unknownFields', () => {
  const told = (input: Record<string, unknown>, within: Record<string, unknown> = schema): string | undefined => {
    const failure = unknownFields(input, within, 'toys.do');
    return failure && `${failure.message}; ${failure.advice}`;
  };

  it.each([
    [{ devise: 'pump-1' }, 'unknown field "devise"; did you mean device?'],
    [{ place: { hal: 'A' } }, 'unknown field "place.hal"; did you mean place.hall?'],
    [{ minuets: 1, elsewhere: 2 }, 'unknown fields "minuets", "elsewhere"; did you mean minutes?'],
    [{ elsewhere: 2 }, 'unknown field "elsewhere"; see what it takes: tutti call toys.do --list'],
    [{ toString: 1 }, 'unknown field "toString"; see what it takes: tutti call toys.do --list'],
  ])('tells of %j', (input, text) => expect(told(input)).toBe(text));

  it('lets pass what is known, and what may be anything', () => {
    expect(told({ device: 'pump-1', place: { hall: '4' }, tags: ['a'], whatever: { a: 1 } })).toBeUndefined();
    expect(told({ a: 1 }, {})).toBeUndefined();
    expect(told({ a: 1 }, { type: 'object', additionalProperties: { type: 'number' } })).toBeUndefined();
    expect(told({ a: 1 }, { type: 'object', properties: {}, additionalProperties: {} })).toBeUndefined();
  });

  it('knows no field of an operation without input', () => {
    expect(told({ a: 1 }, { type: 'object', properties: {}, additionalProperties: false })).toContain('unknown field');
  });
});
