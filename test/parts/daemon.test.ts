import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, startDaemon } from './daemon.js';

test('tells how a program ended that was never ready, and its last words', async () => {
  // They come when it is gone already, as of a program whose output was held up.
  const program = 'echo one; (sleep 0.1; echo no such port >&2) & exit 3';
  const started = startDaemon('sh', ['-c', program], { ready: async () => false });
  await expect(started).rejects.toThrow(/ended before it was ready \(code 3\):\none\nno such port$/);
});

test('keeps a port for this process after its server has ended', async () => {
  const port = await freePort();
  const other = createSocket('udp4').unref();
  onTestFinished(() => void other.close());
  other.bind({ port, address: '127.0.0.1' });
  await expect(once(other, 'listening')).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
