import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../core/testing/index.js';
import { expectProblem } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
let clock: ManualClock;
beforeEach(async () => {
  clock = manualClock(Date.now());
  wfm = await startWfm({ clock });
});
afterEach(() => wfm[Symbol.asyncDispose]());

const create = (body: object) => wfm.ask('POST', '/tokens', { body });
const tokenIds = async (): Promise<string[]> =>
  ((await wfm.ask('GET', '/tokens')).json['items'] as { id: string }[]).map(({ id }) => id);
const status = async (token: string): Promise<number> => (await wfm.ask('GET', '/packages', { token })).status;

it('are shown once, and only when they are made', async () => {
  const made = await create({ name: 'ci', role: 'operator' });
  expect(made.status).toBe(201);
  const { token, ...shown } = made.json;
  const location = made.headers.get('location') ?? '';
  expect(location).toBe(`/nbi/v1/tokens/${shown['id']}`);
  const got = await wfm.ask('GET', location.replace('/nbi/v1', ''));
  expect({ status: got.status, json: got.json }).toEqual({ status: 200, json: shown });
  const listed = await wfm.ask('GET', '/tokens');
  expect(listed.json['items']).toContainEqual(shown);
  for (const { text } of [got, listed]) expect(text).not.toContain(String(token).slice(-43));
  expectProblem(await wfm.ask('GET', '/tokens/none'), 404);
});

it('do not last longer than ten years', async () => {
  const lasting = (lifetimeSeconds: number) => create({ name: 'long', role: 'viewer', lifetimeSeconds });
  expect(expectProblem(await lasting(Number.MAX_SAFE_INTEGER), 422)).toEqual(['lifetimeSeconds']);
  expect((await lasting(10 * 365 * 86_400)).status).toBe(201);
});

it('end when their time is over', async () => {
  const { json } = await create({ name: 'short', role: 'viewer', lifetimeSeconds: 60 });
  const token = String(json['token']);
  await clock.advance(59_999);
  expect(await status(token)).toBe(200);
  await clock.advance(1);
  expectProblem(await wfm.ask('GET', '/packages', { token }), 401, /unknown, expired or revoked/);
});

it('end at once when they are revoked, also within their own call', async () => {
  const { json } = await create({ name: 'second', role: 'admin' });
  const token = String(json['token']);
  expect(await status(token)).toBe(200);
  const revoked = await wfm.ask('DELETE', `/tokens/${json['id']}`, { token });
  expect({ status: revoked.status, body: revoked.text }).toEqual({ status: 204, body: '' });
  expect(await status(token)).toBe(401);
  expectProblem(await wfm.ask('DELETE', `/tokens/${json['id']}`), 404);
});

it('leave an admin: the last one stays', async () => {
  const first = /^tutti_([0-9a-f]{16})_/.exec(wfm.tokens.admin)?.[1];
  expectProblem(await wfm.ask('DELETE', `/tokens/${first}`), 409, /last admin token/);
  // One that ends by itself is an admin as long as it lasts.
  const { json } = await create({ name: 'short', role: 'admin', lifetimeSeconds: 60 });
  const before = await tokenIds();
  await clock.advance(60_000);
  expectProblem(await wfm.ask('DELETE', `/tokens/${first}`), 409);
  expect(await tokenIds()).toEqual(before);
  expect(await status(String(json['token']))).toBe(401);
  expect(await status(wfm.tokens.admin)).toBe(200);
});

it('are asked for properly', async () => {
  const before = await tokenIds();
  const wrong: [object, string][] = [
    [{}, 'name'],
    [{ name: '', role: 'viewer' }, 'name'],
    [{ name: 'x'.repeat(101), role: 'viewer' }, 'name'],
    [{ name: 'x', role: 'root' }, 'role'],
    [{ name: 'x', role: 'viewer', lifetimeSeconds: 0 }, 'lifetimeSeconds'],
    [{ name: 'x', role: 'viewer', lifetimeSeconds: '60' }, 'lifetimeSeconds'],
    [{ name: 'x', role: 'viewer', lifetimeSeconds: 1e300 }, 'lifetimeSeconds'],
  ];
  for (const [body, field] of wrong) expect(expectProblem(await create(body), 422)).toContain(field);
  expectProblem(await create({ name: 'x', role: 'viewer', lifetime: 60 }), 422, /lifetime/);
  expect(await tokenIds()).toEqual(before);
});
