import { describe, expect, it } from 'vitest';
import { Problem, problemFrom, problems } from '../../core/operation/problem.js';
import { TransportFault } from '../../core/ports/transport.js';
import { exitCodes } from '../exit-codes.js';
import { asCommandFailure } from './faults.js';

const connection = {
  base: 'https://wfm.example/nbi/v1',
  url: 'https://wfm.example',
  caFile: 'ca.crt',
  tokenFrom: 'admin.token',
};
const told = (error: unknown) => asCommandFailure(error, connection);

describe('asCommandFailure', () => {
  it.each([
    [problems.invalidRequest, exitCodes.invalid],
    [problems.notAuthenticated, exitCodes.denied],
    [problems.notAuthorized, exitCodes.denied],
    [problems.notFound, exitCodes.notFound],
    [problems.conflict, exitCodes.failed],
    [problems.tooLarge, exitCodes.invalid],
    [problems.semanticError, exitCodes.invalid],
    [problems.internal, exitCodes.failed],
    [problems.unavailable, exitCodes.failed],
  ])('of %j', (kind, exitCode) => {
    expect(told(new Problem(kind, 'why'))).toMatchObject({ exitCode, message: 'why' });
  });

  it('lists what is wrong with an input, once', () => {
    const of = (detail: string, errors: readonly { field: string; message: string }[]) =>
      told(new Problem(problems.semanticError, detail, { errors }));
    const one = { field: 'name', message: 'too long' };
    expect(of('name: too long', [one])).toMatchObject({ message: 'name: too long' });
    expect(of('name: too long (and 1 more)', [one, { field: 'id', message: 'missing' }])).toMatchObject({
      message: 'name: too long (and 1 more)\n  name: too long\n  id: missing',
    });
  });

  it('doubts the address when somebody else answers', () => {
    const other = problemFrom({ title: 'Nothing here' }, 404, 'Not Found');
    expect(told(other)).toMatchObject({
      exitCode: exitCodes.notFound,
      message: 'Nothing here',
      advice: 'is https://wfm.example/nbi/v1 the address of a Tutti host?',
    });
    expect(told(new Problem(problems.notFound, 'there is no package'))).toHaveProperty('advice', undefined);
  });

  it.each([
    [
      'unreachable',
      exitCodes.unreachable,
      'https://wfm.example/nbi/v1 cannot be reached: why',
      /is the host running\?/,
    ],
    ['timeout', exitCodes.unreachable, 'https://wfm.example/nbi/v1 cannot be reached: why', /is the host running\?/],
    [
      'untrusted',
      exitCodes.unreachable,
      'the certificate of https://wfm.example/nbi/v1 is not trusted: why',
      /^trusted are ca\.crt; name the server's CA with --ca FILE/,
    ],
    ['invalid', exitCodes.failed, 'why', /is this the address of a Tutti host\?/],
  ] as const)('of a host that was %s', (reason, exitCode, message, advice) => {
    const expected = { exitCode, message, advice: expect.stringMatching(advice) };
    expect(told(new TransportFault(reason, 'why'))).toMatchObject(expected);
  });

  it('does not say twice who is not there', () => {
    const message = 'https://wfm.example is not there: why';
    expect(told(new TransportFault('unreachable', message))).toMatchObject({ message });
  });

  it('leaves alone what no call ends with', () => {
    const bug = new TypeError('x is not a function');
    expect(told(bug)).toBe(bug);
  });
});
