import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { issuesIn, listed } from './issues.js';

describe('issuesIn', () => {
  const form = z.looseObject({
    kind: z.enum(['press', 'mill']),
    version: z.string(),
    parts: z.array(z.looseObject({})).min(1),
    make: z.custom((value) => typeof value === 'function', 'expected a function'),
  });

  it('says of everything that is wrong what was expected and what was found', () => {
    expect(issuesIn(form, { kind: 'saw', version: 3, parts: [null] }, 'machine')).toEqual([
      'machine.kind: expected one of "press", "mill", found "saw"',
      'machine.version: expected a string, found a number',
      'machine.parts[0]: expected an object, found nothing',
      'machine.make: expected a function',
    ]);
    expect(issuesIn(form.shape.parts, [])).toEqual(['expected at least 1 element, found an empty list']);
  });

  it('is empty when nothing is wrong', () => {
    expect(issuesIn(form, { kind: 'mill', version: '1', parts: [{}], make: () => undefined })).toEqual([]);
  });
});

describe('listed', () => {
  it('tells five, and how many more there are', () => {
    expect(listed(['a', 'b', 'c', 'd', 'e'])).toBe('a; b; c; d; e');
    expect(listed(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a; b; c; d; e; and 2 more');
  });
});
