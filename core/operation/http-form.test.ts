import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { anyone } from './access.js';
import { httpForm } from './http-form.js';
import { defineOperation, type HttpShape, type Operation } from './operation.js';

function operation(http: HttpShape): Operation {
  return defineOperation({
    id: 'toy.do',
    summary: 'Does something',
    input: z.unknown(),
    output: { kind: 'empty' },
    problems: [],
    access: anyone,
    idempotency: 'safe',
    http,
  });
}
const text = (body: Uint8Array | undefined): string | undefined => body && Buffer.from(body).toString();

describe('the HTTP form of a call', () => {
  it('has each field where the shape has it, the body as canonical JSON', () => {
    const shape = operation({ method: 'PATCH', path: '/a/{id}', query: ['later', 'first'] });
    const { method, target, params, body } = httpForm(shape, '/p', {
      id: 'x y/ü:1',
      first: 1,
      later: ['a b', 'c'],
      z: null,
      b: { d: 1, c: [true] },
      gone: undefined,
    });
    expect({ method, target, params }).toEqual({
      method: 'PATCH',
      target: '/p/a/x%20y%2F%C3%BC:1?later=a%20b&later=c&first=1',
      params: { id: 'x y/ü:1' },
    });
    expect(text(body)).toBe('{"b":{"c":[true],"d":1},"z":null}');
  });

  it('keeps slashes of what takes the rest of a path, and colons of digests', () => {
    const shape = operation({ method: 'GET', path: '/d/{name+}/x' });
    expect(httpForm(shape, '', { name: 'gw/sha256:00/a b' }).target).toBe('/d/gw/sha256:00/a%20b/x');
  });

  it('has no body where nothing is left for one', () => {
    expect(httpForm(operation({ method: 'POST', path: '/d/{id}/do' }), '', { id: 'a' }).body).toBeUndefined();
  });

  it('takes the first template that has a place for all of the input', () => {
    const shape = operation({
      method: 'POST',
      path: '/c/{client}',
      aliases: ['/c/{client}/{device+}'],
      body: 'document',
    });
    expect(httpForm(shape, '', { client: 'c', document: [1] }).target).toBe('/c/c');
    const below = httpForm(shape, '', { client: 'c', device: 'gw/a', document: [1] });
    expect(below.target).toBe('/c/c/gw/a');
    expect(text(below.body)).toBe('[1]');
  });

  it.each([
    [{ method: 'GET', path: '/d/{id}' }, {}, 'id: required'],
    [{ method: 'GET', path: '/d/{id}' }, { id: '' }, 'id: required'],
    [{ method: 'GET', path: '/d/{id}' }, { id: 7 }, 'id: required'],
    [{ method: 'GET', path: '/d/{id}' }, { id: 'a\ud800' }, String.raw`"a\ud800" is no text`],
    [{ method: 'GET', path: '/d', query: ['name'] }, { name: '\udc00' }, String.raw`"\udc00" is no text`],
    [{ method: 'POST', path: '/d', body: 'document' }, { document: 1, more: 2 }, 'a field too many: more'],
    [{ method: 'GET', path: '/d/{id}', query: ['limit'] }, { id: 'a', limt: 2 }, 'a field too many: limt'],
    [{ method: 'GET', path: '/d', body: 'document' }, { document: 1 }, 'a field too many: document'],
  ] as const)('%j cannot be addressed with %j', (shape, input, why) => {
    expect(() => httpForm(operation(shape), '', input)).toThrow(why);
  });
});
