import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Device } from '../device-api/device.js';
import { expectProblem } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
let device: Device;
let packageId: string;
beforeEach(async () => {
  wfm = await startWfm();
  packageId = await wfm.importPackage('1.0.0');
  device = await wfm.ready();
});
afterEach(() => wfm[Symbol.asyncDispose]());

interface Told {
  readonly id: string;
  readonly status: { readonly state: string };
}

/** Reads events one by one; `undefined` at the end of the stream. */
async function watch(query = '', headers: Record<string, string> = {}) {
  const leave = new AbortController();
  const response = await fetch(`${wfm.host.url}/nbi/v1/deployments/watch${query}`, {
    headers: { authorization: `Bearer ${wfm.tokens.viewer}`, ...headers },
    signal: leave.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Told | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (data !== undefined) return JSON.parse(data) as Told;
        continue;
      }
      const read = await reader?.read();
      if (!read || read.done) return undefined;
      text += read.value;
    }
  };
  const state = async (): Promise<unknown> => {
    const told = await next();
    return told && [told.id, told.status.state];
  };
  return { next, state, leave: () => leave.abort() };
}

it('tells what is there, and then every change of it', async () => {
  const present = [await wfm.deploy(packageId, device, 'line-a'), await wfm.deploy(packageId, device, 'line-b')];
  const { next, state, leave } = await watch();
  const snapshot = [await next(), await next()].map((told) => told?.id);
  expect(snapshot.toSorted()).toEqual(present.toSorted());
  const id = await wfm.deploy(packageId, device, 'line-c');
  expect(await state()).toEqual([id, 'PENDING']);
  for (const reported of ['installing', 'installed']) {
    await device.status(id, reported);
    expect(await state()).toEqual([id, reported.toUpperCase()]);
  }
  await wfm.ask('PATCH', `/deployments/${id}`, { body: { spec: { parameters: { pollSeconds: 40 } } } });
  expect(await state()).toEqual([id, 'UPDATING']);
  await wfm.ask('DELETE', `/deployments/${id}`);
  expect(await state()).toEqual([id, 'REMOVING']);
  await device.status(id, 'removed');
  expect(await state()).toEqual([id, 'REMOVED']);
  await wfm.ask('DELETE', `/deployments/${present[0]}?force`);
  expect(await state()).toEqual([present[0], 'REMOVED']);
  leave();
});

it('tells of one device only, where one is asked for', async () => {
  const other = await wfm.ready(undefined, 'press-8');
  await wfm.deploy(packageId, other);
  const { state, leave } = await watch(`?deviceId=${device.clientId}`);
  await wfm.deploy(packageId, other, 'line-b');
  const mine = await wfm.deploy(packageId, device);
  expect(await state()).toEqual([mine, 'PENDING']);
  leave();
});

it('begins anew for a reader that comes back', async () => {
  const id = await wfm.deploy(packageId, device);
  for (const last of ['', '17', 'garbage']) {
    const { state, leave } = await watch('', { 'last-event-id': last });
    expect(await state()).toEqual([id, 'PENDING']);
    leave();
  }
});

it('ends when the host drains, and does not hold it up', async () => {
  const id = await wfm.deploy(packageId, device);
  const watchers = await Promise.all(Array.from({ length: 5 }, () => watch()));
  for (const { state } of watchers) expect(await state()).toEqual([id, 'PENDING']);
  const stopped = wfm.host.stop();
  for (const { next } of watchers) expect(await next()).toBeUndefined();
  await stopped;
  expect(wfm.lines().filter(({ message }) => String(message).includes('did not drain'))).toEqual([]);
});

it('is no stream for who may not read, and knows no other question', async () => {
  expectProblem(await wfm.ask('GET', '/deployments/watch', { token: undefined }), 401);
  expectProblem(await wfm.ask('GET', '/deployments/watch?device=x'), 422, /device/);
});
