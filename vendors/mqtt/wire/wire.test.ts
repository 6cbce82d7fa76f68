import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem, problems } from '../../../core/operation/index.js';
import { faultOf } from './fault.js';
import {
  endReply,
  type Form,
  isUnreadable,
  itemReply,
  levelFault,
  type Reply,
  readControl,
  readReply,
  readRequest,
  readTopic,
  replyOf,
  sessionOf,
  urlFault,
  writeControl,
  writeReply,
  writeRequest,
} from './index.js';

const forms: readonly Form[] = ['properties', 'head'];
const bytes = fc.uint8Array({ maxLength: 64 });
const id = fc.string({ minLength: 1, maxLength: 8 }).map((text) => Buffer.from(text));

describe('topics', () => {
  it('are read as what they are, and no others', () => {
    expect(readTopic('tutti', 'tutti/a b/call/x.y')).toEqual({ kind: 'call', name: 'a b', operation: 'x.y' });
    expect(readTopic('tutti', 'tutti/a/control')).toEqual({ kind: 'control', name: 'a' });
    for (const topic of [
      'other/a/control',
      'tutti//control',
      'tutti/a/call/',
      'tutti/a/call/x/y',
      'tutti/a/control/x',
      '',
    ]) {
      expect(readTopic('tutti', topic), topic).toBeUndefined();
    }
  });

  it('let nobody be answered outside of what is the caller’s own', () => {
    expect(sessionOf('tutti', 'a', 'tutti/a/reply/s')).toBe('s');
    for (const topic of [
      'tutti/b/reply/s',
      'tutti/a/reply/',
      'tutti/a/reply/s/t',
      'tutti/a/reply/#',
      'tutti/a/call/x',
      '$SYS/x',
    ]) {
      expect(sessionOf('tutti', 'a', topic), topic).toBeUndefined();
    }
  });

  it('have levels without what divides them', () => {
    expect(levelFault('device 1')).toBeUndefined();
    for (const level of ['', 'a/b', 'a+', '#', 'a\u0000', 'x'.repeat(257)])
      expect(levelFault(level), level).toBeDefined();
  });
});

describe.each(forms)('a call in the form "%s"', (form) => {
  it('is read as it was written', () => {
    const headers = fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string({ maxLength: 20 }));
    fc.assert(
      fc.property(
        id,
        headers,
        fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
        bytes,
        (one, given, timeout, body) => {
          const { timeout: _, credit: __, ...fields } = given;
          const request = {
            replyTo: { form, topic: 'tutti/a/reply/s', id: one },
            headers: { 'content-type': 'application/json', ...fields },
            timeout,
            credit: 7,
            body,
          };
          const read = readRequest(writeRequest('tutti/a/call/x.y', request));
          if (isUnreadable(read)) throw new Error(read.why);
          expect({ ...read, body: Buffer.from(read.body) }).toEqual({ ...request, body: Buffer.from(body) });
        },
      ),
    );
  });
});

describe('what cannot be read as a call', () => {
  it('is told, with where to say so if that much can be read', () => {
    const payload = (text: string) => ({ topic: '', payload: Buffer.from(text) });
    const replyTo = { form: 'head', topic: 't', id: undefined };
    expect(readRequest(payload('nonsense'))).toMatchObject({ replyTo: undefined });
    expect(readRequest(payload('{"id":"x"}\n{}'))).toMatchObject({ why: expect.any(String), replyTo: undefined });
    expect(readRequest(payload(`{"replyTo":"${'t'.repeat(20_000)}"}\n{}`))).toMatchObject({ replyTo: undefined });
    expect(readRequest(payload('{"replyTo":"t","id":3}'))).toMatchObject({ why: 'id: expected text', replyTo });
    expect(readRequest(payload('{"replyTo":"t","headers":{"a":1}}'))).toMatchObject({ replyTo });
    expect(readRequest(payload('{"replyTo":"t","timeout":"soon"}'))).toMatchObject({ replyTo });
    expect(readRequest(payload('{"replyTo":"t","credit":0}'))).toMatchObject({ replyTo });
    expect(
      readRequest({
        topic: '',
        payload: Buffer.alloc(0),
        properties: { responseTopic: 't', userProperties: { a: 'x'.repeat(20_000) } },
      }),
    ).toMatchObject({ why: expect.stringContaining('16384'), replyTo: { form: 'properties', topic: 't' } });
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          fc.json().map((text) => Buffer.from(`${text}\n`)),
        ),
        (payload) => {
          const message = { topic: '', payload };
          readRequest(message);
          readReply(message);
          readControl(payload);
        },
      ),
    );
  });

  it('is not carried out for longer than its message lives', () => {
    const properties = { responseTopic: 't', messageExpiryInterval: 3, userProperties: { timeout: '9000' } };
    expect(readRequest({ topic: '', payload: Buffer.alloc(0), properties })).toMatchObject({ timeout: 3000 });
  });
});

describe.each(forms)('a reply in the form "%s"', (form) => {
  const problem = new Problem(problems.conflict, 'no', { retryAfterSeconds: 4 });
  const replies: readonly Reply[] = [
    replyOf({ kind: 'value', outcome: 'created', value: { a: 'ü\n' }, location: '/x', etag: 'e' }, '/prefix'),
    replyOf({ kind: 'empty' }),
    replyOf({
      kind: 'representation',
      bytes: Uint8Array.of(0, 10, 255),
      mediaType: 'a/b',
      etag: 'e',
      outcome: 'unavailable',
    }),
    replyOf({ kind: 'not-modified', etag: 'e' }),
    replyOf({ kind: 'problem', problem, challenges: ['Bearer', 'Signature'] }),
    itemReply({ id: '1', event: 'e', data: [1] }, 1),
    endReply('failed', 2, problem),
  ];
  it.each(replies.map((reply) => [reply.kind, reply] as const))('is read as it was written: %s', (_kind, reply) => {
    const read = readReply(writeReply({ form, topic: 't', id: Buffer.from('one') }, reply));
    const texts = (fields: object): object =>
      Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? value : String(value)]),
      );
    expect(Buffer.from(read?.id ?? []).toString()).toBe('one');
    expect(read?.reply.kind).toBe(reply.kind);
    expect(read?.reply.mediaType).toBe(reply.mediaType);
    expect(texts(read?.reply.fields ?? {})).toEqual(texts(reply.fields));
    expect(Buffer.from(read?.reply.body ?? [])).toEqual(Buffer.from(reply.body));
  });
});

describe('control messages', () => {
  it.each([
    { type: 'cancel', session: 's', id: '1' },
    { type: 'more', session: 's', id: '1', credit: 3 },
    { type: 'here', session: 's' },
    { type: 'gone', session: 's' },
  ] as const)('are read as they were written: $type', (control) => {
    expect(readControl(writeControl(control))).toEqual(control);
  });

  it.each([
    '{"type":"more","session":"s","id":"1","credit":-1}',
    '{"type":"cancel","session":"s"}',
    '{"type":"x"}',
    '[]',
  ])('are none: %s', (text) => expect(readControl(Buffer.from(text))).toBeUndefined());
});

describe('addresses of brokers', () => {
  it.each(['mqtts://broker.plant.example', 'mqtts://10.0.0.1:8883', 'mqtt://127.0.0.1:1883', 'mqtt://[::1]'])(
    'are taken: %s',
    (url) => expect(urlFault(url)).toBeUndefined(),
  );
  it.each([
    ['mqtt://broker.plant.example', /without TLS/],
    ['mqtts://user:secret@broker', /passwordFile/],
    ['https://broker', /expected mqtts/],
    ['broker', /expected mqtts/],
  ])('are refused: %s', (url, why) => expect(urlFault(url)).toMatch(why));
});

it.each([
  ['ECONNREFUSED', 'away'],
  ['ENOTFOUND', 'away'],
  ['CERT_HAS_EXPIRED', 'untrusted'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'untrusted'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'refused'],
  ['ENOENT', 'config'],
  [135, 'refused'],
  [5, 'refused'],
  [1, 'version'],
  [132, 'version'],
  [136, 'away'],
])('a connection that fails with %s is %s', (code, kind) => {
  expect(faultOf(Object.assign(new Error('x'), { code }), 'mqtts://b')).toMatchObject({ kind });
});
