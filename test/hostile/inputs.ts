import fc from 'fast-check';
import type { MountedOperation } from '../../core/plugin/index.js';
import { firstForm, secondForm } from '../device-api/device.js';

/** A request that somebody could send to an operation: every part of it may be nonsense. */
export interface Nonsense {
  readonly params: Readonly<Record<string, string>>;
  readonly query: string;
  readonly body: Uint8Array | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const odd = [
  '',
  '.',
  '..',
  '../..',
  '\0',
  '%',
  '%00',
  '__proto__',
  'constructor',
  '*',
  ' ',
  '\u{1f600}',
  'a'.repeat(3000),
  '-1',
  '1e9',
  'null',
  '[object Object]',
];
const text = fc.oneof(fc.constantFrom(...odd), fc.string(), fc.string({ unit: 'binary' }), fc.uuid());

/** Values of HTTP fields that the server looks at. */
const field = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    '*/*',
    '"',
    '"a"',
    'W/"a"',
    '"a", "b"',
    ';;;',
    ',',
    'q=1',
    'a/b;q=2',
    '\u00ff',
    'x'.repeat(2000),
  ),
  fc.stringMatching(/^[\x20-\x7e]{0,40}$/).map((value) => value.trim()),
);
const headers = fc.dictionary(
  fc.constantFrom('Accept', 'If-Match', 'If-None-Match', 'X-Correlation-Id', 'Last-Event-Id', 'Cookie'),
  field,
);

/** Documents that operations take, to begin from: what is wrong in one place only gets furthest. */
function documents(known: readonly string[]): object[] {
  const [id = ''] = known;
  const spec = { appPackageRef: { id }, deviceRef: { id }, parameters: { pollSeconds: { value: 7 } } };
  return [
    firstForm(),
    secondForm('edge-1', {}, { line: 7 }),
    {
      deploymentId: id,
      status: { state: 'failed', error: { code: '1', message: 'x' } },
      components: [{ name: 'monitor', state: 'failed' }],
    },
    { kind: 'OnboardingRequest', certificate: 'MIIB', public_certificate: 'MIIB' },
    { metadata: { name: 'a', labels: { a: 'b' } }, spec },
    {
      metadata: { name: 'a' },
      spec: {
        source: {
          registryUrl: 'localhost:1',
          repository: 'a/b',
          tag: '1.0.0',
          authentication: { type: 'basic', username: 'a', password: 'b' },
        },
      },
    },
    { form: 'D1' },
    { name: 'a', role: 'viewer', lifetimeSeconds: 60 },
  ];
}

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    '',
    -1,
    1e308,
    2 ** 60,
    [],
    {},
    [[]],
    [null],
    '\0',
    '\ud800',
    '__proto__',
    'x'.repeat(5000),
  ),
);

/** A document with another value in one of its places, or with one place more. */
function spoiled(document: object): fc.Arbitrary<unknown> {
  const places = [...placesOf(document)];
  return fc
    .tuple(fc.constantFrom(...places), value, fc.option(text, { nil: undefined }))
    .map(([path, other, extra]) =>
      replaced(document, extra === undefined ? path : [...path.slice(0, -1), extra], other),
    );
}

function* placesOf(document: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  yield path;
  if (document === null || typeof document !== 'object') return;
  for (const [key, member] of Object.entries(document)) yield* placesOf(member, [...path, key]);
}

function replaced(document: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(document))
    return document.map((member, at) => (String(at) === key ? replaced(member, rest, other) : member));
  const members = document !== null && typeof document === 'object' ? Object.entries(document) : [];
  const inner = members.find(([name]) => name === key)?.[1];
  return Object.fromEntries([...members.filter(([name]) => name !== key), [key, replaced(inner, rest, other)]]);
}

/** @param known ids that mean something here */
export function nonsenseFor({ operation }: MountedOperation, known: readonly string[]): fc.Arbitrary<Nonsense> {
  const { path, query = [], method } = operation.http;
  const names = [...path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => name ?? '');
  const id = fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...known) }, { weight: 3, arbitrary: text });
  const queried = fc.dictionary(fc.oneof(fc.constantFrom('limit', ...query), text), id, { maxKeys: 4 });
  const json = fc
    .oneof({ weight: 1, arbitrary: value }, { weight: 4, arbitrary: fc.oneof(...documents(known).map(spoiled)) })
    .map((document) => Buffer.from(JSON.stringify(document) ?? ''));
  const body = fc.oneof({ weight: 6, arbitrary: json }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) });
  return fc.record({
    params: fc.record(Object.fromEntries(names.map((name) => [name, id]))),
    query: queried.map((fields) => new URLSearchParams(Object.entries(fields)).toString()),
    body:
      method === 'GET' || method === 'DELETE' ? fc.constant(undefined) : fc.option(body, { nil: undefined, freq: 10 }),
    headers,
  });
}
