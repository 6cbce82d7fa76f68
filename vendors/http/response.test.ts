import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { stream } from '../../core/operation/index.js';
import { respond } from './response.js';

it('keeps no listeners of the times when a slow reader held a stream up', async () => {
  const counts: number[] = [];
  let waits = 0;
  const frame = 'x'.repeat(256 * 1024);
  const server = createServer((_request, response) => {
    const listeners = (): number =>
      response.listenerCount('close') + response.listenerCount('drain') + response.listenerCount('error');
    async function* items(): AsyncIterable<{ data: string }> {
      for (let n = 0; n < 40; n += 1) {
        counts.push(listeners());
        if (response.writableNeedDrain) waits += 1;
        yield { data: frame };
      }
    }
    response.on('drain', () => {
      waits += 1;
    });
    respond(response, stream(items()), { prefix: '' })?.catch((error: Error) => response.destroy(error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [reply] = (await once(get({ port: (server.address() as AddressInfo).port }), 'response')) as [IncomingMessage];
  let received = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) received += chunk.length;
  server.close();
  expect(received).toBeGreaterThan(40 * frame.length);
  expect(waits).toBeGreaterThan(10);
  expect(Math.max(...counts)).toBe(counts[0]);
});
