import { afterAll, beforeAll, expect, it } from 'vitest';
import { defineManager, EventBus, type Subscription } from '../../core/plugin/index.js';
import { PackageChanged } from '../../managers/catalog/index.js';
import { DeviceChanged } from '../../managers/device/index.js';
import { InstanceChanged } from '../../managers/instance/index.js';
import { eventually } from './call.js';
import { type LogLine, startWfm, type Wfm } from './wfm.js';

/** Writes a line for every event, as any manager of another plugin might. */
const listener = defineManager({
  type: 'manager.listener',
  version: '1.0.0',
  uses: { events: EventBus },
  create: ({ uses: { events }, log }) => {
    const open: Subscription[] = [];
    return {
      start: () => {
        for (const type of [PackageChanged, DeviceChanged, InstanceChanged]) {
          const subscription = events.subscribe<{ id: string; state?: string }>(
            type,
            'listener',
            async (payload, meta) => {
              await Promise.resolve();
              log.info(type.name, { ...payload, meta: meta.correlationId });
            },
          );
          open.push(subscription);
        }
      },
      drain: async () => {
        for (const subscription of open) await subscription.close();
      },
    };
  },
});

let wfm: Wfm;
beforeAll(async () => {
  wfm = await startWfm({ more: { definitions: [listener], managers: '  listener: { type: manager.listener }' } });
});
afterAll(() => wfm[Symbol.asyncDispose]());

const under = (id: string) => ({ headers: { 'x-correlation-id': id } });
const linesOf = (id: string): LogLine[] => wfm.lines().filter(({ correlationId }) => correlationId === id);
/** The lines of a call, once one of them is there. */
const lines = (id: string, message: string, state?: string): Promise<LogLine[]> =>
  eventually(
    async () => linesOf(id),
    (found) => found.some((line) => line['message'] === message && (!state || line['state'] === state)),
  );
const told = (found: readonly LogLine[]): unknown[] =>
  found
    .filter(({ entry }) => entry === 'listener')
    .map(({ message, state, meta, correlationId }) => [message, state, meta === correlationId]);

it('goes from an import to its end in the background, and into the events of it', async () => {
  const requests = ['1.0.0', '2.0.0', '3.0.0', '4.0.0', '5.0.0', '6.0.0'].map((version) => wfm.packageRequest(version));
  const failing = { ...requests[0], spec: { source: { ...requests[0]?.spec.source, tag: 'none' } } };
  // More than are imported at the same time, so that some wait for others.
  const ids = await Promise.all(
    [...requests, failing].map(async (body, n) => {
      const reply = await wfm.ask('POST', '/packages', { body, ...under(`import-${n}`) });
      expect(reply.headers.get('x-correlation-id')).toBe(`import-${n}`);
      return String(reply.json['id']);
    }),
  );
  for (const [n, id] of ids.entries()) {
    const end = n < requests.length ? 'ONBOARDED' : 'FAILED';
    const found = await lines(`import-${n}`, PackageChanged.name, end);
    expect(told(found).map(String).toSorted()).toEqual(
      ['PENDING', 'PROCESSING', end].map((state) => `${PackageChanged.name},${state},true`).toSorted(),
    );
    expect(found).toContainEqual(expect.objectContaining({ entry: 'operator', message: 'audit', object: id }));
    for (const line of found) expect([line['packageId'] ?? line['object'] ?? line['id'], line['entry']]).toContain(id);
  }
  expect(linesOf(`import-${requests.length}`)).toContainEqual(
    expect.objectContaining({ entry: 'catalog', message: 'an import failed' }),
  );
});

it('goes from the change of a deployment into its event', async () => {
  const packageId = await wfm.importPackage('7.0.0');
  const device = await wfm.ready();
  const id = await wfm.deploy(packageId, device);
  await wfm.ask('PATCH', `/deployments/${id}`, {
    body: { spec: { parameters: { pollSeconds: 40 } } },
    ...under('change-1'),
  });
  const found = await lines('change-1', 'instance.changed');
  expect(told(found)).toEqual([['instance.changed', 'UPDATING', true]]);
  expect(found).toContainEqual(expect.objectContaining({ entry: 'instances', message: 'a deployment was changed' }));
  await wfm.ask('DELETE', `/deployments/${id}?force`, under('change-2'));
  expect(told(await lines('change-2', 'instance.changed'))).toEqual([['instance.changed', 'REMOVED', true]]);
});

it('goes from handler to handler: a device is forgotten, and its deployments with it', async () => {
  const device = await wfm.ready();
  const packageId = await wfm.importPackage('8.0.0');
  await wfm.deploy(packageId, device);
  await wfm.ask('DELETE', `/devices/${device.clientId}`, under('forget-1'));
  const found = await lines('forget-1', 'instance.changed');
  expect(found).toContainEqual(expect.objectContaining({ message: 'deployments went with their device', count: 1 }));
  expect(told(found)).toEqual(
    expect.arrayContaining([
      ['device.changed', undefined, true],
      ['instance.changed', 'REMOVED', true],
    ]),
  );
});
