import { expect, it } from 'vitest';
import type { EntryStatus, HostStatus } from '../../core/host/status.js';
import type { Call, Evidence, VendorOffer } from '../../core/plugin/index.js';
import { testContext } from '../../core/testing/context.js';
import system from './index.js';

const entries: readonly EntryStatus[] = [
  { name: 'store', type: 'state.sqlite', health: { status: 'ok' } },
  { name: 'bus', type: 'events.mqtt', health: { status: 'degraded', reason: 'mqtt://10.1.2.3:1883 is away' } },
];
const host: HostStatus = {
  profile: 'plant',
  version: '1.0.0',
  phase: () => 'ready',
  entries: () => entries,
  addresses: () => [],
  operations: () => [],
};

async function readyz(peer: string | undefined, headers: Evidence['headers'] = {}): Promise<string> {
  const { instance, dispose } = await testContext<VendorOffer>(system, { uses: { host } });
  const served = instance.operations?.find(({ operation }) => operation.id === 'system.readyz');
  const evidence: Evidence = {
    method: 'GET',
    targetUri: 'https://host/readyz',
    headers,
    body: undefined,
    params: {},
    peer,
  };
  const call = { input: { verbose: '' }, evidence } as unknown as Call<never>;
  const reply = await served?.handler(call);
  await dispose();
  return reply?.kind === 'representation' ? new TextDecoder().decode(reply.bytes) : '';
}

it.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])(
  'gives its reasons to who asks from %s',
  async (peer) => {
    expect(await readyz(peer)).toContain('[!]bus (events.mqtt) degraded: mqtt://10.1.2.3:1883 is away');
  },
);

it.each([
  ['elsewhere', '10.0.0.7', {}],
  ['an address that begins alike', '127.0.0.1.example', {}],
  ['nowhere', undefined, {}],
  ['behind a proxy of this machine', '127.0.0.1', { 'x-forwarded-for': '10.0.0.7' }],
  ['behind a proxy that says so in the standard way', '::1', { forwarded: 'for=10.0.0.7' }],
])('gives names and states only to who asks from %s', async (_where, peer, headers) => {
  const text = await readyz(peer, headers);
  expect(text).toContain('[+]store (state.sqlite) ok\n[!]bus (events.mqtt) degraded\n');
  expect(text).not.toContain('10.1.2.3');
});
