import { describe, expect, it } from 'vitest';
import { contractProblems, Problem, problems } from '../../../core/operation/index.js';
import { codes, problemOf, statusOf } from './status.js';

const back = (problem: Problem): Problem => {
  const { code, details, bytes } = statusOf(problem);
  return problemOf(code, details, bytes);
};

describe('a problem as a status', () => {
  it('comes back with all that it says', () => {
    const errors = [{ field: 'a.0', message: 'required' }];
    const problem = new Problem(problems.semanticError, 'a.0: required', {
      errors,
      retryAfterSeconds: 3,
      extensions: { title2: 'x', nested: { list: [1, null, 'a'] } },
    });
    expect(statusOf(problem)).toMatchObject({ code: codes.invalidArgument, details: 'a.0: required' });
    expect(back(problem).body()).toEqual(problem.body());
  });

  it.each([...contractProblems, ...Object.values(problems)])('keeps the kind $type', (kind) => {
    expect(back(new Problem(kind, 'why')).kind).toEqual(kind);
    expect(statusOf(new Problem(kind, 'why')).code).not.toBe(codes.ok);
  });

  it('stays small enough for a header, and keeps the kind', () => {
    const errors = Array.from({ length: 5000 }, (_, n) => ({ field: `f${n}`, message: 'is wrong' }));
    const large = new Problem(problems.semanticError, 'x'.repeat(10_000), {
      errors,
      extensions: { y: 'y'.repeat(9000) },
    });
    expect(statusOf(large).bytes.byteLength).toBeLessThanOrEqual(4096);
    expect(back(large).kind).toEqual(problems.semanticError);
    const many = back(new Problem(problems.semanticError, 'much', { errors }));
    expect(many.errors[0]).toEqual(errors[0]);
    expect(many.errors.length).toBeGreaterThan(10);
  });

  it('has a message that any header can hold', () => {
    expect(statusOf(new Problem(problems.notFound, 'a\uD800b')).details).toBe('a\uFFFDb');
  });

  it.each([
    [codes.resourceExhausted, 'Received message larger than max (5 vs 4)', problems.tooLarge],
    [codes.resourceExhausted, 'slow down', problems.tooManyRequests],
    [codes.unimplemented, 'no such method', problems.notFound],
    [codes.unauthenticated, '', problems.notAuthenticated],
    [codes.unavailable, 'no upstream', problems.unavailable],
    [99, 'odd', problems.internal],
  ])('is guessed where a foreign status has no details: %d %s', (code, details, kind) => {
    expect(problemOf(code, details, undefined)).toMatchObject({ kind, detail: details || kind.title });
    expect(problemOf(code, details, Buffer.from('nonsense')).kind).toEqual(kind);
  });
});
