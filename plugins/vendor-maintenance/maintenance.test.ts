import { type Call, type Operation, Problem, type Reply, type StreamItem, type VendorOffer } from 'tutti/plugin';
import { cases, type ManualClock, manualClock, memoryState, testContext } from 'tutti/testing';
import { beforeEach, expect, test } from 'vitest';
import conformance from './conformance.ts';
import definition from './index.ts';
import type { WindowChange } from './windows.ts';

for (const { name, run } of cases(conformance)) test(name, run);

// Handlers are plain functions: no socket, no host. What is around them is tested where it is.

let clock: ManualClock;
let offer: VendorOffer;

beforeEach(async () => {
  clock = manualClock(Date.UTC(2026, 0, 1, 12));
  const uses = { state: memoryState() };
  offer = (await testContext<VendorOffer>(definition, { clock, uses })).instance;
});

async function call(id: string, input: object = {}, signal = new AbortController().signal): Promise<Reply<unknown>> {
  const served = offer.operations?.find(({ operation }) => operation.id === id);
  if (!served) throw new Error(`${id} is not offered`);
  const principal = { kind: 'user', id: 'ada', roles: ['operator'] } as const;
  const made = { input: served.operation.input.parse(input), principal, signal };
  return served.handler(made as unknown as Call<never>);
}

const hours = 3_600_000;
const window = {
  device: 'pump-1',
  reason: 'new bearings',
  openedBy: 'ada',
  opened: '2026-01-01T12:00:00.000Z',
  ends: '2026-01-01T14:00:00.000Z',
};

async function listed(): Promise<unknown> {
  const reply = await call('maintenance.list');
  return reply.kind === 'value' ? (reply.value as { items: unknown }).items : reply;
}

async function problemOf(made: Promise<unknown>): Promise<unknown> {
  const error = await made.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof Problem ? [error.kind.status, error.detail] : error;
}

test('a window is open until its end', async () => {
  const reply = await call('maintenance.open', { device: 'pump-1', lasts: '2h', reason: 'new bearings' });
  expect(reply).toEqual({ kind: 'value', outcome: 'created', value: window, location: '/windows/pump-1' });
  await clock.advance(2 * hours - 1);
  expect(await listed()).toEqual([window]);
  await clock.advance(1);
  expect(await listed()).toEqual([]);
});

test('a device has one at a time', async () => {
  await call('maintenance.open', { device: 'pump-1', lasts: '2h' });
  const other = call('maintenance.open', { device: 'pump-1', lasts: '1d' });
  const told = 'pump-1 has a maintenance window until 2026-01-01T14:00:00.000Z; close it first';
  expect(await problemOf(other)).toEqual([409, told]);
  await clock.advance(2 * hours);
  await call('maintenance.open', { device: 'pump-1', lasts: '1d' });
});

test('of two who open one at the same time, one is refused', async () => {
  const both = [1, 2].map(() => call('maintenance.open', { device: 'pump-1', lasts: '2h' }));
  const ended = await Promise.all(both.map(problemOf));
  expect(ended.filter((problem) => problem === undefined)).toHaveLength(1);
  expect(ended).toContainEqual([409, 'pump-1 has a maintenance window; close it first']);
});

test('a closed window is gone, and cannot be closed again', async () => {
  await call('maintenance.open', { device: 'pump-1', lasts: '2h' });
  expect(await call('maintenance.close', { device: 'pump-1' })).toEqual({ kind: 'empty' });
  expect(await listed()).toEqual([]);
  const again = call('maintenance.close', { device: 'pump-1' });
  expect(await problemOf(again)).toEqual([404, 'pump-1 has no maintenance window; see maintenance.list']);
});

test('who watches sees what is open, then every change', async () => {
  await call('maintenance.open', { device: 'pump-1', lasts: '2h', reason: 'new bearings' });
  const end = new AbortController();
  const reply = await call('maintenance.watch', {}, end.signal);
  if (reply.kind !== 'stream') throw new Error('no stream');
  const items = (reply.items as AsyncIterable<StreamItem<WindowChange>>)[Symbol.asyncIterator]();
  expect((await items.next()).value).toEqual({ event: 'opened', data: { device: 'pump-1', window } });
  await call('maintenance.close', { device: 'pump-1' });
  expect((await items.next()).value).toEqual({ event: 'closed', data: { device: 'pump-1' } });
  end.abort();
  expect((await items.next()).done).toBe(true);
});

test('all pages are listed', async () => {
  for (let number = 0; number < 250; number += 1) {
    await call('maintenance.open', { device: `pump-${number}`, lasts: '2h' });
  }
  expect(await listed()).toHaveLength(250);
});

test.each(['', '2', '2 h', '0h', '-1h', '2w', '99999h'])('%j is no time', (lasts) => {
  const open = definition.operations?.find(({ id }) => id === 'maintenance.open') as Operation;
  expect(open.input.safeParse({ device: 'pump-1', lasts }).success).toBe(false);
});

test('looking is for viewers, changing for operators', () => {
  const rules = definition.operations?.map(({ id, access }) => [id, access.rule]);
  expect(rules).toEqual([
    ['maintenance.open', 'role operator'],
    ['maintenance.close', 'role operator'],
    ['maintenance.list', 'role viewer'],
    ['maintenance.watch', 'role viewer'],
  ]);
});
