import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtins } from '../../cli/builtins.js';
import { signedBy } from '../../core/client/index.js';
import { SigningKey, selfSignedDeviceCertificate } from '../../core/identity/index.js';
import { bearer, type Credentials, clientOf, type Role, type Transport } from '../../core/plugin/index.js';
import { type ManualClock, manualClock } from '../../core/testing/clock.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import { GrpcTransport } from '../../providers/transport/grpc/index.js';
import { httpTransport } from '../../providers/transport/http/index.js';
import { mqttTransport } from '../../providers/transport/mqtt/index.js';
import * as deviceOperations from '../../vendors/device-signed/operations.js';
import * as operatorOperations from '../../vendors/operator/operations.js';

/** One way into the house. */
export interface Door {
  readonly name: 'http' | 'grpc' | 'mqtt';
  readonly url: string;
  readonly transport: Transport;
}

/** A device that is onboarded, with the key that its calls are signed with. */
export interface Tenant {
  readonly clientId: string;
  readonly key: SigningKey;
  readonly credentials: Credentials;
}

/** A fleet manager that serves everything over HTTP, gRPC and MQTT, by a broker of its own; nothing encrypted. */
export interface House extends AsyncDisposable {
  readonly host: TestHost;
  readonly clock: ManualClock;
  readonly doors: readonly Door[];
  readonly tokens: Readonly<Record<Role, string>>;
  tenant(name: string): Promise<Tenant>;
  /** A token whose time is over. */
  expiredToken(): Promise<string>;
}

export async function openHouse(): Promise<House> {
  const clock = manualClock(Date.now());
  const definitions = await Promise.all(Object.values(builtins.definitions).map((load) => load()));
  const host = await startTestHost({
    definitions,
    clock,
    profile: `
profile: wfm
providers:
  store:     { type: state.memory }
  events:    { type: events.memory }
  packages:  { type: registry.oci, config: { registries: [] } }
  broker:    { type: broker.aedes, config: { tls: off, port: 0 } }
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
  system:    { type: vendor.system }
bindings:
  http:      { type: binding.http, config: { tls: off, port: 0 } }
  grpc:      { type: binding.grpc, config: { tls: off, port: 0 } }
  mqtt:      { type: binding.mqtt }
`,
  });
  const address = (scheme: string): string =>
    host.status.addresses().find((url) => url.startsWith(`${scheme}:`)) ??
    `no ${scheme} among ${host.status.addresses().join()}`;
  const urls = { http: address('http'), grpc: address('grpc'), mqtt: address('mqtt') };
  const doors: readonly Door[] = [
    { name: 'http', url: urls.http, transport: httpTransport({ url: urls.http }) },
    { name: 'grpc', url: urls.grpc, transport: new GrpcTransport({ url: urls.grpc }) },
    { name: 'mqtt', url: urls.mqtt, transport: mqttTransport({ url: urls.mqtt }) },
  ];
  const [{ transport }] = doors as [Door];
  const admin = (await readFile(join(host.dataDir, 'admin.token'), 'utf8')).trim();
  const operator = clientOf(operatorOperations, { transport, prefix: '/nbi/v1', credentials: bearer(admin) });
  const issue = async (role: Role, lifetimeSeconds?: number): Promise<string> =>
    (await operator.createToken({ name: role, role, ...(lifetimeSeconds !== undefined && { lifetimeSeconds }) })).token;
  return {
    host,
    clock,
    doors,
    tokens: { viewer: await issue('viewer'), operator: await issue('operator'), admin },
    expiredToken: async () => {
      const token = await issue('admin', 1);
      await clock.advance(2000);
      return token;
    },
    tenant: async (name) => {
      const key = SigningKey.generate();
      const { pem } = await selfSignedDeviceCertificate({ name, key, now: clock.now() });
      const credentials = signedBy(() => key, clock);
      const device = clientOf(deviceOperations, { transport, prefix: '/api/v1', credentials });
      const { clientId } = await device.onboard({ certificate: pem });
      return { clientId, key, credentials };
    },
    [Symbol.asyncDispose]: async () => {
      for (const door of doors) await door.transport.close();
      await host.stop();
    },
  };
}
