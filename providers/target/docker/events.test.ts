import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Health } from '../../../core/plugin/index.js';
import { type ManualClock, manualClock } from '../../../core/testing/index.js';
import { Engine } from './engine.js';
import { applicationChanges } from './events.js';
import { labels } from './project.js';

const minute = 60_000;
let directory: string;
let server: Server;
let requests: string[];
let streams: ServerResponse[];
let away: boolean;
let clock: ManualClock;
let engine: Engine;
let over: AbortController;
let changes: AsyncGenerator<string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-events-'));
  [requests, streams, away] = [[], [], false];
  const container = { Id: 'c1' };
  const inspected = {
    ...{ Id: 'c1', Name: '/web', RestartCount: 0, HostConfig: {} },
    Config: { Labels: { [labels.application]: 'app-1' } },
    State: { Status: 'running', ExitCode: 0, Error: '', StartedAt: '', FinishedAt: '' },
  };
  server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    requests.push(path);
    if (away) return void request.socket.destroy();
    response.setHeader('content-type', 'application/json');
    if (path === '/events') {
      streams.push(response);
      response.flushHeaders();
    } else response.end(JSON.stringify(path === '/containers/json' ? [container] : inspected));
  }).listen(join(directory, 'engine.sock'));
  await once(server, 'listening');
  clock = manualClock();
  over = new AbortController();
  const place = { address: `unix://${join(directory, 'engine.sock')}` };
  engine = new Engine({ place, owner: 'me', timeout: minute, clock });
  changes = applicationChanges(engine, 'me', clock, over.signal, () => undefined);
});
afterEach(async () => {
  over.abort();
  for (const stream of streams) stream.destroy();
  await changes.return(undefined);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

const happens = (id: string): void => {
  const Attributes = { [labels.application]: id };
  streams.at(-1)?.write(`${JSON.stringify({ Action: 'die', Actor: { ID: 'c1', Attributes } })}\n`);
};
const degraded: Health = { status: 'degraded', reason: expect.stringContaining('does not answer') };

it('the engine is asked once and then tells by itself, however long that takes', async () => {
  await expect(changes.next()).resolves.toMatchObject({ value: 'app-1' });
  const next = changes.next();
  const before = [...requests];
  expect(before).toEqual(['/events', '/containers/json', '/containers/c1/json']);
  await clock.advance(60 * minute);
  happens('app-2');
  await expect(next).resolves.toMatchObject({ value: 'app-2' });
  expect(requests).toEqual(before);
});

it('an engine that is gone for an hour is tried ever more rarely, and everything is told when it is back', async () => {
  await changes.next();
  const next = changes.next();
  away = true;
  requests = [];
  streams.at(-1)?.destroy();
  // Each try and each wait follows from the one before: the clock goes on when somebody waits for it.
  let elapsed = 0;
  while (elapsed < 60 * minute) {
    await vi.waitFor(() => expect(clock.waiting).toBeGreaterThan(0), { interval: 1, timeout: 30_000 });
    await clock.advance(15_000);
    elapsed += 15_000;
  }
  expect(engine.health()).toEqual(degraded);
  expect(new Set(requests)).toEqual(new Set(['/events']));
  expect(requests.length).toBeLessThanOrEqual(4 * 60 + 10);
  away = false;
  await vi.waitFor(() => expect(clock.waiting).toBeGreaterThan(0), { interval: 1, timeout: 30_000 });
  await clock.advance(15_000);
  await expect(next).resolves.toMatchObject({ value: 'app-1' });
  expect(engine.health()).toEqual({ status: 'ok' });
});
