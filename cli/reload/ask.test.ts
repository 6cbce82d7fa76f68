import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { recordingLogger, silentLogger } from '../../core/testing/index.js';
import { askForReload } from './ask.js';
import { listenForReloads } from './listen.js';
import { socketIn } from './wire.js';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'ask-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const ask = () => askForReload(data, '/profile.yaml', new AbortController().signal);

/** Takes the place of the host's socket, and says this to whoever asks. */
async function takePlace(says: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.resume().on('end', () => socket.end(says));
  });
  server.listen(socketIn(data));
  await once(server, 'listening');
  onTestFinished(() => void server.close());
}

it('is answered by the host of the data directory', async () => {
  const answer = { kind: 'other-profile', profile: '/other.yaml' } as const;
  const listener = await listenForReloads(data, async () => answer, silentLogger());
  onTestFinished(() => listener.close());
  expect(await ask()).toEqual(answer);
});

it.each([
  ['', 'closed the connection without an answer'],
  ['hello\n', 'did not answer as a host does'],
])('tells who did not answer: %j', async (says, why) => {
  await takePlace(says);
  await expect(ask()).rejects.toMatchObject({ message: `what listens at ${socketIn(data)} ${why}` });
});

it('leaves its place to who has it, and says so in the log of the host', async () => {
  await takePlace('');
  const log = recordingLogger();
  await (await listenForReloads(data, () => Promise.reject(new Error('nobody asks')), log)).close();
  expect(log.lines).toMatchObject([
    { level: 'warn', message: expect.stringContaining(`something else listens at ${socketIn(data)}`) },
  ]);
});
