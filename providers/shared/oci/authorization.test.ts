import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactRegistry } from '../../../core/plugin/index.js';
import { registryClient, TestClock } from '../../../test/registry/client.js';
import { listen, type Serving } from '../../../test/registry/serve.js';
import { parseChallenges } from './challenge.js';

const login = { username: 'ada', password: 'lovelace' };
const basic = `Basic ${Buffer.from('ada:lovelace').toString('base64')}`;

/** A token service and a registry that wants its tokens, with a record of what both were asked. */
class Harbor {
  readonly tokens: { authorization: string | undefined; query: string }[] = [];
  readonly asked: (string | undefined)[] = [];
  /** Tokens that the registry takes. */
  readonly good = new Set<string>();
  realm = '';
  answer = (response: ServerResponse): void => {
    const token = `t${this.tokens.length}`;
    this.good.add(token);
    response.end(JSON.stringify({ token, expires_in: 100 }));
  };
  readonly #open: Serving[] = [];

  async start(): Promise<string> {
    const issuer = await listen((request, response) => {
      const query = new URL(request.url ?? '', 'http://x').search;
      this.tokens.push({ authorization: request.headers.authorization, query });
      this.answer(response);
    });
    const registry = await listen((request, response) => this.#registry(request, response));
    this.#open.push(issuer, registry);
    this.realm = `${issuer.url}/token`;
    return registry.url;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#open.map((one) => one.stop()));
  }

  #registry(request: IncomingMessage, response: ServerResponse): void {
    const { authorization } = request.headers;
    this.asked.push(authorization);
    if (authorization !== undefined && this.good.has(authorization.replace('Bearer ', ''))) {
      response.end('{"tags":["a"]}');
      return;
    }
    const name = request.url?.split('/')[2];
    const challenge = `Bearer realm="${this.realm}",service="harbor, main",scope="repository:${name}:pull"`;
    response.writeHead(401, { 'www-authenticate': challenge }).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
  }
}

let harbor: Harbor;
let clock: TestClock;
let registry: ArtifactRegistry & { stop?: (signal: AbortSignal) => Promise<void> | void };
let host: string;
const tags = (repository = 'pump', call = {}): Promise<readonly string[]> =>
  registry.tags({ registry: host, repository }, call);

beforeEach(async () => {
  harbor = new Harbor();
  clock = new TestClock();
  const url = await harbor.start();
  host = new URL(url).host;
  registry = registryClient({ registries: [{ url, ...login }] }, clock);
});
afterEach(async () => {
  await registry.stop?.(AbortSignal.timeout(1000));
  await harbor.stop();
});

describe('a bearer token', () => {
  it('is fetched with the credentials, for the scope, and used while it is good', async () => {
    expect(await tags()).toEqual(['a']);
    expect(await tags()).toEqual(['a']);
    expect(harbor.tokens).toEqual([
      { authorization: basic, query: '?service=harbor%2C+main&scope=repository%3Apump%3Apull' },
    ]);
    expect(harbor.asked).toEqual([undefined, 'Bearer t1', 'Bearer t1']);
  });

  it('is fetched anew before it expires, and for another repository', async () => {
    await tags();
    await clock.delay(89_000);
    await tags();
    expect(harbor.tokens).toHaveLength(1);
    await clock.delay(2_000);
    await tags();
    expect(harbor.tokens).toHaveLength(2);
    await tags('valve');
    expect(harbor.tokens).toHaveLength(3);
  });

  it('that the registry takes no longer is replaced, once', async () => {
    await tags();
    harbor.good.clear();
    expect(await tags()).toEqual(['a']);
    expect(harbor.asked.slice(-2)).toEqual(['Bearer t1', 'Bearer t2']);
    harbor.answer = (response) => response.end('{"access_token":"useless"}');
    harbor.good.clear();
    const before = harbor.asked.length;
    await expect(tags()).rejects.toMatchObject({ reason: 'denied' });
    expect(harbor.asked.slice(before)).toEqual(['Bearer t2', 'Bearer useless']);
  });

  it('of one caller is not used for another', async () => {
    await tags();
    await tags('pump', { credentials: { username: 'charles', password: 'babbage' } });
    expect(harbor.tokens.map(({ authorization }) => authorization)).toEqual([
      basic,
      `Basic ${Buffer.from('charles:babbage').toString('base64')}`,
    ]);
  });

  it('can be had without credentials for what is public', async () => {
    registry = registryClient({ registries: [{ url: `http://${host}` }] }, clock);
    expect(await tags()).toEqual(['a']);
    expect(harbor.tokens).toMatchObject([{ authorization: undefined }]);
  });

  it.each<[string, (response: ServerResponse) => void, string, RegExp]>([
    [
      'a refusal',
      (response) => response.writeHead(401).end('ada:lovelace? no'),
      'denied',
      /does not accept the credentials of ada .*\*\*\*/,
    ],
    ['no token', (response) => response.end('{"tok":"secret-1"}'), 'refused', /holds no token/],
    [
      'a token that would break the header',
      (response) => response.end('{"token":"secret-1\\r\\nx: y"}'),
      'refused',
      /holds no token/,
    ],
    ['no JSON', (response) => response.end('secret-1'), 'refused', /holds no token/],
    [
      'a redirect',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'refused',
      /HTTP 302/,
    ],
    ['a long text', (response) => response.end('x'.repeat(100_000)), 'corrupt', /longer than/],
    ['a broken connection', (response) => response.destroy(), 'unreachable', /connection was cut/],
  ])('is not had from %s', async (_, answer, reason, why) => {
    harbor.answer = answer;
    const fault: unknown = await tags().catch((error: unknown) => error);
    expect(fault).toMatchObject({ name: 'RegistryFault', reason, message: expect.stringMatching(why) });
    for (const hidden of ['lovelace', 'secret-1', basic]) expect(String(fault)).not.toContain(hidden);
  });

  it.each([
    ['http://tokens.example/x', /not https/],
    ['ftp://127.0.0.1/x', /not https/],
    ['nonsense', /names no realm/],
  ])('is not asked for at %s', async (realm, why) => {
    harbor.realm = realm;
    await expect(tags()).rejects.toMatchObject({ reason: 'refused', message: expect.stringMatching(why) });
    expect(harbor.tokens).toEqual([]);
  });
});

describe('challenges', () => {
  it.each<[string | string[] | undefined, unknown]>([
    [undefined, []],
    ['Basic realm="a b"', [['basic', { realm: 'a b' }]]],
    ['BASIC', [['basic', {}]]],
    [
      'Bearer realm="https://x/t?a=b,c",service=s, scope="a:b:pull,push"',
      [['bearer', { realm: 'https://x/t?a=b,c', service: 's', scope: 'a:b:pull,push' }]],
    ],
    ['Negotiate, Digest realm="x", nonce="Basic ", Basic realm="q\\"q"', [['basic', { realm: 'q"q' }]]],
    [
      ['Bearer realm="a"', 'Basic realm="b"'],
      [
        ['bearer', { realm: 'a' }],
        ['basic', { realm: 'b' }],
      ],
    ],
  ])('%j', (field, expected) => {
    const found = parseChallenges(field).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
    expect(found).toEqual(expected);
  });
});
