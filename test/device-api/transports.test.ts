import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtins } from '../../cli/builtins.js';
import { bearer, call, defineBinding, memoryTransport, type Surface, type Transport } from '../../core/plugin/index.js';
import { manualClock, startTestHost, type TestHost } from '../../core/testing/index.js';
import { grpcTransport } from '../../providers/transport/grpc/index.js';
import { httpTransport } from '../../providers/transport/http/index.js';
import { mqttTransport } from '../../providers/transport/mqtt/index.js';
import { SignedFleetManager } from '../../providers/wfm/signed/client.js';
import { deviceIdentity } from '../../providers/wfm/signed/identity.js';
import { getDevice, resynchronise } from '../../vendors/operator/operations.js';
import { secondForm } from './device.js';

let directory: string;
let host: TestHost;
let surface: Surface | undefined;
const closing: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-lines-'));
  const witness = defineBinding({
    type: 'binding.witness',
    version: '1.0.0',
    create: (context) => {
      surface = context.surface;
      return { addresses: () => [] };
    },
  });
  host = await startTestHost({
    definitions: [...(await Promise.all(Object.values(builtins.definitions).map((load) => load()))), witness],
    profile: `
profile: wfm
providers:
  store:     { type: state.memory }
  events:    { type: events.memory }
  packages:  { type: registry.oci }
  broker:    { type: broker.aedes, config: { port: 0, tls: off } }
managers:
  access:    { type: manager.access }
  catalog:   { type: manager.catalog }
  devices:   { type: manager.device, config: { onboarding: open } }
  placement: { type: manager.placement }
  manifests: { type: manager.manifest }
  solutions: { type: manager.solution }
  instances: { type: manager.instance }
vendors:
  device:    { type: vendor.device-signed, path: /api/v1 }
  operator:  { type: vendor.operator, path: /nbi/v1 }
bindings:
  http:      { type: binding.http, config: { port: 0, tls: off } }
  grpc:      { type: binding.grpc, config: { port: 0, tls: off } }
  mqtt:      { type: binding.mqtt }
  witness:   { type: binding.witness }
`,
  });
});
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
  await host.stop();
  await rm(directory, { recursive: true, force: true });
});

function lineOver(name: string): Transport {
  const [http = '', grpc = '', mqtt = ''] = host.status.addresses();
  switch (name) {
    case 'http':
      return httpTransport({ url: http });
    case 'grpc':
      return grpcTransport({ url: grpc });
    case 'mqtt':
      return mqttTransport({ url: mqtt, name: 'edge', clientId: 'edge' });
    default:
      if (!surface) throw new Error('the host made no binding');
      return memoryTransport(surface);
  }
}

/** The same device each time, by another line. */
async function deviceOver(name: string): Promise<SignedFleetManager> {
  const transport = lineOver(name);
  closing.push(transport);
  const clock = { ...manualClock(), now: () => Date.now() };
  const identity = () => deviceIdentity(join(directory, 'identity'), 'edge', {}, clock.now());
  const wfm = new SignedFleetManager({ transport, prefix: '/api/v1', timeout: 10_000, clock, identity });
  await wfm.start();
  return wfm;
}

describe('one device, whatever carries its line', () => {
  it('has one identity, signs what is taken, polls, and hears of changes', async () => {
    const { signal } = new AbortController();
    const operator = {
      transport: lineOver('memory'),
      prefix: '/nbi/v1',
      credentials: bearer((await readFile(join(host.dataDir, 'admin.token'), 'utf8')).trim()),
    };
    const ids = new Set<string>();
    for (const name of ['memory', 'http', 'grpc', 'mqtt', 'http']) {
      const wfm = await deviceOver(name);
      const id = await wfm.enroll(signal);
      ids.add(id);
      await wfm.reportCapabilities(id, secondForm() as never, signal);
      const connected = async (): Promise<boolean> => {
        const answer = await call(operator, getDevice, { id });
        return answer.kind === 'value' && answer.value.state.connected;
      };
      const held = await wfm.manifest(id, undefined, signal);
      const changes = wfm.changes(id, held?.etag, signal)[Symbol.asyncIterator]();
      const told = changes.next();
      await expect.poll(connected).toBe(true);
      await call(operator, resynchronise, { id });
      expect(await told).toEqual({ done: false, value: (await wfm.manifest(id, held?.etag, signal))?.etag });
      await changes.return?.();
      await expect.poll(connected).toBe(false);
      await expect(wfm.manifest('another', undefined, signal)).rejects.toMatchObject({ reason: 'not-found' });
    }
    expect(ids.size).toBe(1);
  });
});
