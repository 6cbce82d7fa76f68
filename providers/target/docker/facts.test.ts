import { once } from 'node:events';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../core/host/clock.js';
import { Engine } from './engine.js';
import { targetFacts } from './facts.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-facts-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it('tells what runs containers, and the storage of its own directory when that of the engine cannot be seen', async () => {
  const info = { NCPU: 4, MemTotal: 2048 * 1024, Architecture: 'aarch64', DockerRootDir: '/nowhere/at/all' };
  const socket = join(directory, 'engine.sock');
  const version = { Version: '4.3.1', Components: [{ Name: 'Podman Engine', Version: '4.3.1' }] };
  const server = createServer((request, response) => {
    const answer = request.url?.endsWith('/version') ? version : info;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }).listen(socket);
  await once(server, 'listening');
  try {
    const { blocks, bsize } = await statfs(directory);
    const place = { address: `unix://${socket}` };
    const engine = new Engine({ place, owner: 'me', timeout: 30_000, clock: systemClock });
    expect(await targetFacts(engine, directory)).toEqual({
      cpus: [{ cores: 4, architecture: 'arm64' }],
      memory: '2048Ki',
      storage: `${Math.floor((blocks * bsize) / 1024)}Ki`,
      runtime: { name: 'podman', version: '4.3.1' },
    });
  } finally {
    server.close();
  }
});
