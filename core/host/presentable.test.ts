import { expect, it } from 'vitest';
import { membersOf, presentable } from './presentable.js';

it('has of every value what JSON can have, and says what it cannot', () => {
  const itself: Record<string, unknown> = { n: 1n, bytes: new Uint8Array(3), at: new Date(0) };
  itself.self = itself;
  const written = {
    itself,
    call: () => undefined,
    mark: Symbol('mark'),
    get broken(): unknown {
      throw new Error('no value');
    },
    json: {
      toJSON: () => {
        throw new Error('no JSON');
      },
    },
    next: 'still there',
  };
  expect(JSON.parse(JSON.stringify(presentable(written)))).toEqual({
    itself: { n: '1', bytes: '<3 bytes>', at: '1970-01-01T00:00:00.000Z', self: '[circular]' },
    broken: '[unreadable: no value]',
    json: '[unreadable: no JSON]',
    next: 'still there',
  });
});

it('an error is its name, message, stack and cause, whatever else hangs on it', () => {
  const error = Object.assign(new Error('refused', { cause: new Error('reset') }), {
    request: { on: () => undefined, socket: {} as object },
  });
  error.request.socket = error;
  expect(presentable({ error })).toEqual({
    error: {
      name: 'Error',
      message: 'refused',
      stack: error.stack,
      cause: { name: 'Error', message: 'reset', stack: (error.cause as Error).stack },
    },
  });
});

it('ends where nobody reads any more', () => {
  let deep: object = {};
  for (let level = 0; level < 20_000; level++) deep = { deep };
  expect(JSON.stringify(presentable(deep))).toContain('[nested deeper]');
});

it('hides secrets in what it says of what cannot be read', () => {
  const conceal = (text: string): string => text.replaceAll('s3cret', '[secret]');
  const telling = {
    get token(): string {
      throw new Error('s3cret is out of date');
    },
  };
  expect(presentable(telling, conceal)).toEqual({ token: '[unreadable: [secret] is out of date]' });
  expect(membersOf(telling)).toEqual({ token: '[unreadable: s3cret is out of date]' });
});
