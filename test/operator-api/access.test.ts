import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../core/plugin/index.js';
import * as declared from '../../vendors/operator/operations.js';
import { call, expectProblem } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
beforeAll(async () => {
  wfm = await startWfm();
});
afterAll(() => wfm[Symbol.asyncDispose]());

const operations: readonly Operation[] = Object.values(declared)
  .flatMap((one): unknown[] => (Array.isArray(one) ? one.map(({ operation }) => operation) : [one]))
  .map((one) => one as Operation);

/** Who may do what, written down a second time: a rule that is changed by mistake is seen here. */
const least: Readonly<Record<string, 'viewer' | 'operator' | 'admin'>> = {
  'packages.import': 'operator',
  'packages.list': 'viewer',
  'packages.get': 'viewer',
  'packages.delete': 'operator',
  'registry.repositories': 'operator',
  'registry.artifacts': 'operator',
  'deployments.create': 'operator',
  'deployments.list': 'viewer',
  'deployments.watch': 'viewer',
  'deployments.get': 'viewer',
  'deployments.update': 'operator',
  'deployments.replace': 'operator',
  'deployments.delete': 'operator',
  'devices.list': 'viewer',
  'devices.get': 'viewer',
  'devices.approve': 'operator',
  'devices.reject': 'operator',
  'devices.revoke': 'operator',
  'devices.set': 'operator',
  'devices.resynchronise': 'operator',
  'devices.delete': 'admin',
  'tokens.list': 'admin',
  'tokens.get': 'admin',
  'tokens.create': 'admin',
  'tokens.revoke': 'admin',
};

/** Bodies that pass, about things that are not there: who may call gets 404 or 2xx, and nothing is changed. */
const bodies: Readonly<Record<string, object>> = {
  'packages.import': { metadata: { name: 'x' }, spec: { source: { registryUrl: '?', repository: 'x', tag: '1' } } },
  'deployments.create': { metadata: { name: 'x' }, spec: { appPackageRef: { id: 'x' }, deviceRef: { id: 'x' } } },
  'deployments.update': { spec: {} },
  'deployments.replace': {
    metadata: { name: 'a' },
    spec: { appPackageRef: { id: 'none' }, deviceRef: { id: 'none' } },
  },
  'devices.set': { form: 'D1' },
  'tokens.create': { name: 'another', role: 'viewer' },
};
/** What cannot be left out of an address. */
const queries: Readonly<Record<string, string>> = {
  'registry.repositories': '?registry=none.test',
  'registry.artifacts': '?registry=none.test&repository=none',
};
const rank = ['viewer', 'operator', 'admin'] as const;

it('has a rule for every operation, and none for what is not offered', () => {
  expect(operations.map(({ id }) => id).sort()).toEqual(Object.keys(least).sort());
});

describe.each(operations.map((operation) => ({ id: operation.id, http: operation.http })))('$id', ({ id, http }) => {
  const needed = least[id] ?? 'admin';
  const paths = [http.path, ...(http.aliases ?? [])].map(
    (path) => `${path.replace('{id}', 'none')}${queries[id] ?? ''}`,
  );
  const status = async (path: string, token: string | undefined): Promise<number> => {
    const leave = new AbortController();
    const response = await fetch(`${wfm.host.url}/nbi/v1${path}`, {
      method: http.method,
      signal: leave.signal,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(bodies[id] && { body: JSON.stringify(bodies[id]) }),
    });
    leave.abort();
    return response.status;
  };

  it('is 401 without a token, and with a wrong one, and says how to do better', async () => {
    const wrong = `${wfm.tokens.admin.slice(0, -2)}${wfm.tokens.admin.endsWith('AA') ? 'BB' : 'AA'}`;
    for (const path of paths) {
      for (const token of [undefined, wrong, 'nonsense', wfm.tokens.admin.slice(0, 22)]) {
        const reply = await call(`${wfm.host.url}/nbi/v1${path}`, { method: http.method, token, body: bodies[id] });
        expectProblem(reply, 401);
        expect(reply.headers.get('www-authenticate')).toBe('Bearer realm="tutti"');
      }
    }
  });

  it.each(rank)(`for a %s, when it needs ${needed}`, async (role) => {
    const allowed = rank.indexOf(role) >= rank.indexOf(needed);
    for (const path of paths) {
      const got = await status(path, wfm.tokens[role]);
      if (allowed) expect([200, 201, 404, 422]).toContain(got);
      else expect(got).toBe(403);
    }
  });
});

describe('credentials', () => {
  const basic = (user: string, password: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });
  const withHeaders = (headers: Record<string, string>) =>
    call(`${wfm.host.url}/nbi/v1/packages`, { method: 'GET', headers });

  it('may come as the password of Basic, whatever the user is called', async () => {
    for (const user of ['', 'tutti', 'ä']) {
      expect((await withHeaders(basic(user, wfm.tokens.viewer))).status).toBe(200);
    }
    expectProblem(await withHeaders(basic('tutti', `${wfm.tokens.viewer}x`)), 401);
    expectProblem(await withHeaders(basic(wfm.tokens.viewer, '')), 401);
    expectProblem(await withHeaders(basic('', '')), 401);
    expectProblem(await withHeaders({ authorization: 'Basic !!!' }), 401);
  });

  it('may come with any case of the scheme, and with none other', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
      expect((await withHeaders({ authorization: `${scheme} ${wfm.tokens.viewer}` })).status).toBe(200);
    }
    for (const authorization of [wfm.tokens.viewer, `Digest ${wfm.tokens.viewer}`, 'Bearer', 'Bearer ']) {
      expectProblem(await withHeaders({ authorization }), 401);
    }
  });

  it('do not count in the query', async () => {
    expectProblem(await wfm.ask('GET', `/packages?access_token=${wfm.tokens.admin}`, { token: undefined }), 401);
  });

  it('say who is refused and what is missing, and not the token', async () => {
    const reply = await wfm.ask('GET', '/tokens', { token: wfm.tokens.operator });
    expectProblem(reply, 403, /needs the role admin; token:[0-9a-f]{16} has operator/);
    expect(reply.text).not.toContain(wfm.tokens.operator);
  });
});
