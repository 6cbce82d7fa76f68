import { afterEach, describe, expect, it } from 'vitest';
import { anyone, defineManager, defineOperation, defineVendor, ok, serve, z } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/index.js';
import { Latch } from '../../core/testing/latch.js';
import state from '../../providers/state/memory/index.js';
import http from '../../vendors/http/index.js';
import system from '../../vendors/system/index.js';

const hosts: TestHost[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

const word = { kind: 'value', schema: z.string() } as const;
const operation = { input: z.object({}), output: word, problems: [], access: anyone } as const;
const say = defineOperation({
  ...operation,
  id: 'toy.say',
  summary: 'Says the word of its vendor, once it may',
  idempotency: 'safe',
  http: { method: 'GET', path: '/say' },
});
const count = defineOperation({
  ...operation,
  id: 'toy.count',
  summary: 'Counts',
  idempotency: 'once',
  http: { method: 'POST', path: '/count' },
});

/** What the vendor has met, over all of its instances. */
function meeting() {
  const met = { called: new Latch(), mayAnswer: new Latch(), counted: 0, stopped: [] as string[] };
  const vendor = defineVendor({
    type: 'vendor.toy',
    version: '1.0.0',
    config: z.strictObject({ word: z.string() }),
    create: ({ config }) => ({
      operations: [
        serve(say, async () => {
          met.called.open();
          await met.mayAnswer.opened;
          return ok(config.word);
        }),
        serve(count, () => {
          met.counted += 1;
          return ok(config.word);
        }),
      ],
      stop: () => void met.stopped.push(config.word),
    }),
  });
  return { met, vendor };
}

const profile = ({ word = 'one', host = '{}', more = '' } = {}): string => `
profile: toys
host: ${host}
providers: { state: { type: state.memory } }
vendors:
  toy: { type: vendor.toy, config: { word: ${word} } }
  system: { type: vendor.system }
bindings: { http: { type: binding.http, config: { tls: off, port: 0 } } }
${more}`;

async function hostOf(vendor: ReturnType<typeof defineVendor>, ...more: ReturnType<typeof defineManager>[]) {
  const host = await startTestHost({ profile: profile(), definitions: [state, http, system, vendor, ...more] });
  hosts.push(host);
  return host;
}

describe('a reload', () => {
  it('lets a call finish in the vendor that is being replaced, and gives the next one to the new vendor', async () => {
    const { met, vendor } = meeting();
    const host = await hostOf(vendor);
    const call = fetch(`${host.url}/say`);
    await met.called.opened;
    const reloaded = host.reload(profile({ word: 'two' }));
    await expect.poll(() => host.status.phase()).toBe('reloading');
    expect(met.stopped).toEqual([]);
    met.mayAnswer.open();
    expect(await (await call).json()).toBe('one');
    expect(await reloaded).toMatchObject({ outcome: 'reloaded' });
    expect(met.stopped).toEqual(['one']);
    expect(await (await fetch(`${host.url}/say`)).json()).toBe('two');
  });

  it('remembers what was answered under an idempotency key', async () => {
    const { met, vendor } = meeting();
    const host = await hostOf(vendor);
    const call = async () => {
      const headers = { 'Idempotency-Key': 'k1', 'Content-Type': 'application/json' };
      return (await fetch(`${host.url}/count`, { method: 'POST', headers, body: '{}' })).json();
    };
    expect(await call()).toBe('one');
    await host.reload(profile({ word: 'two' }));
    expect(await call()).toBe('one');
    expect(met.counted).toBe(1);
  });

  it('holds callers to a new limit at once, over the very same connections', async () => {
    const { met, vendor } = meeting();
    met.mayAnswer.open();
    const host = await hostOf(vendor);
    const { url } = host;
    const status = async () => (await fetch(`${url}/say`)).status;
    expect([await status(), await status()]).toEqual([200, 200]);
    const limited = '{ rateLimit: { perSecond: 0.001, burst: 1 } }';
    expect(await host.reload(profile({ host: limited }))).toMatchObject({ plan: { replaced: [] } });
    expect([await status(), await status()]).toEqual([200, 429]);
    await host.reload(profile());
    expect(await status()).toBe(200);
  });

  it('is not ready while an entry is being replaced, and says which where the door stays open', async () => {
    const { vendor } = meeting();
    const hold = new Latch();
    let made = 0;
    const slow = defineManager({
      type: 'manager.slow',
      version: '1.0.0',
      config: z.strictObject({ edition: z.number() }),
      create: () => {
        made += 1;
        return made === 1 ? {} : { start: () => hold.opened };
      },
    });
    const host = await startTestHost({
      profile: profile({ more: 'managers: { slow: { type: manager.slow, config: { edition: 1 } } }' }),
      definitions: [state, http, system, vendor, slow],
    });
    hosts.push(host);
    const ready = async () => {
      const reply = await fetch(`${host.url}/readyz?verbose`);
      return { status: reply.status, text: await reply.text() };
    };
    expect(await ready()).toMatchObject({ status: 200 });
    const next = profile({ more: 'managers: { slow: { type: manager.slow, config: { edition: 2 } } }' });
    const reloaded = host.reload(next);
    await expect.poll(ready).toMatchObject({ status: 503, text: expect.stringMatching(/\[-\]slow.*being replaced/) });
    hold.open();
    expect(await reloaded).toMatchObject({ outcome: 'reloaded' });
    expect(await ready()).toMatchObject({ status: 200 });
  });
});
