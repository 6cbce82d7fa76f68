import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Binding } from '../../core/plugin/index.js';
import { type TestContext, testContext } from '../../core/testing/context.js';
import http from './index.js';

async function freePort(port = 0): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}

describe.each(['off', 'auto'])('a binding with TLS %s', (tls) => {
  let context: TestContext<Binding> | undefined;
  afterEach(async () => context?.dispose());

  it.each(['its start is given up', 'it is stopped'])('listens to nobody once %s', async (what) => {
    const port = await freePort();
    context = await testContext<Binding>(http, { config: { host: '127.0.0.1', port, tls } });
    const { instance } = context;
    const reason = new Error('no time left');
    const over = new AbortController();
    const starting = Promise.resolve(instance.start?.(over.signal)).then(
      () => 'started',
      (error: unknown) => error,
    );
    if (what === 'it is stopped') await instance.stop?.(new AbortController().signal);
    else over.abort(reason);
    const outcome = await starting;
    expect(outcome).toBeInstanceOf(Error);
    if (what !== 'it is stopped') expect(outcome).toBe(reason);
    expect(instance.addresses()).toEqual([]);
    expect(await freePort(port)).toBe(port);
  });
});
