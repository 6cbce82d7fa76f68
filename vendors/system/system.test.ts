import { afterAll, beforeAll, expect, it } from 'vitest';
import { defineManager, defineProvider, type Health, StateProvider } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import http from '../http/index.js';
import system from './index.js';

/** How the provider says that it is; the test changes it. */
class Mood {
  present: () => Health = () => ({ status: 'ok' });
}
const mood = new Mood();
const moody = defineProvider({
  port: StateProvider,
  type: 'state.moody',
  version: '1.0.0',
  create: () => Object.assign(new MemoryState(), { health: () => mood.present() }),
});
const needy = defineManager({
  type: 'manager.needy',
  version: '1.0.0',
  uses: { state: StateProvider },
  create: () => ({}),
});

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost({
    definitions: [moody, needy, system, http],
    profile: `
profile: probes
providers:
  store: { type: state.moody }
managers:
  needy: { type: manager.needy }
vendors:
  system: { type: vendor.system }
bindings:
  http: { type: binding.http, config: { tls: off, port: 0 } }
`,
  });
});
afterAll(() => host.stop());

async function probe(path: string, health: () => Health, method = 'GET'): Promise<[number, string]> {
  mood.present = health;
  const response = await fetch(host.url + path, { method });
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  return [response.status, await response.text()];
}
const well = (): Health => ({ status: 'ok' });
const limping = (): Health => ({ status: 'degraded', reason: 'a peer is away' });
const down = (): Health => ({ status: 'failed', reason: 'the disk is full' });
const throwing = (): Health => {
  throw new Error('no idea');
};

it('says ready, without credentials, in one word', async () => {
  for (const path of ['/readyz', '/healthz', '/readyz?unknown=1'])
    expect(await probe(path, well)).toEqual([200, 'ok\n']);
  expect(await probe('/readyz', well, 'HEAD')).toEqual([200, '']);
});

it.each(['/readyz?verbose', '/healthz?verbose=1'])('has a line for each entry at %s', async (path) => {
  const [status, text] = await probe(path, well);
  expect(status).toBe(200);
  const lines = text.trimEnd().split('\n');
  expect(lines.pop()).toBe('ok: the host is ready');
  expect(lines.toSorted()).toEqual([
    '[+]http (binding.http) ok',
    '[+]needy (manager.needy) ok',
    '[+]store (state.moody) ok',
    '[+]system (vendor.system) ok',
  ]);
});

it('is ready while something is degraded, and says what', async () => {
  expect(await probe('/readyz', limping)).toEqual([200, 'degraded\n']);
  const [status, text] = await probe('/readyz?verbose', limping);
  expect(status).toBe(200);
  expect(text).toContain('[!]store (state.moody) degraded: a peer is away\n');
  expect(text).toMatch(/degraded: the host is ready\n$/);
});

it.each(['/readyz', '/healthz', '/readyz?verbose'])('is not ready while a provider is failed: %s', async (path) => {
  const [status, text] = await probe(path, down);
  expect(status).toBe(503);
  expect(text).toContain('[-]store (state.moody) failed: the disk is full\n');
  expect(text).toMatch(/failed: the host is ready\n$/);
  expect((await probe(path, down, 'HEAD'))[0]).toBe(503);
  expect((await probe(path, well))[0]).toBe(200);
});

it('takes an entry that cannot even say how it is for failed', async () => {
  const [status, text] = await probe('/readyz', throwing);
  expect([status, text]).toEqual([503, expect.stringContaining('[-]store (state.moody) failed: no idea')]);
});

it('is alive whatever the entries say', async () => {
  for (const health of [well, limping, down, throwing]) {
    expect(await probe('/livez', health)).toEqual([200, 'ok\n']);
    expect((await probe('/livez?verbose', health))[0]).toBe(200);
  }
});
