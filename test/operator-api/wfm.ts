import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtins } from '../../cli/builtins.js';
import type { Clock, Definition, Role } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import { createAuthority } from '../device-api/authority.js';
import { Device, secondForm } from '../device-api/device.js';
import { generateKey } from '../device-api/keys.js';
import { description, type StubRegistry, startStubRegistry } from '../device-api/registry.js';
import { type Asked, call, eventually, type Reply } from './call.js';

export interface WfmSettings {
  readonly onboarding?: 'ca' | 'approve' | 'open';
  readonly clock?: Clock;
  /** Definitions, and lines of `providers:`, `managers:`, `vendors:` and `bindings:`, beside those of a fleet manager. */
  readonly more?: {
    readonly definitions?: readonly Definition[];
    readonly providers?: string;
    readonly managers?: string;
    readonly vendors?: string;
    readonly bindings?: string;
  };
}

/** A fleet manager of the built-in definitions over a store in memory, and what an operator does with it. */
export interface Wfm extends AsyncDisposable {
  readonly host: TestHost;
  readonly registry: StubRegistry;
  /** One token of each role; `admin` is the first one, from its file. */
  readonly tokens: Readonly<Record<Role, string>>;
  /** A call below the operator's prefix, as the admin unless told. */
  ask(method: string, path: string, asked?: Asked): Promise<Reply>;
  /** The request for an import of a version of the sample application, which the registry holds from now on. */
  packageRequest(version: string, text?: string): { readonly metadata: object; readonly spec: { source: object } };
  /** Imports it and waits; gives the package's id. */
  importPackage(version: string, text?: string): Promise<string>;
  /** The package once its import has ended, one way or the other. */
  imported(id: string): Promise<Reply>;
  /** A device with a certificate of the device CA that nobody has seen yet. */
  device(name?: string): Promise<Device>;
  /** One that is onboarded and has reported what it can do. */
  ready(document?: object, name?: string): Promise<Device>;
  /** Under a name of its own unless told. */
  deploy(packageId: string, device: Device, name?: string, spec?: object): Promise<string>;
  /** The lines of the log as they are now. */
  lines(): readonly LogLine[];
}

export type LogLine = Readonly<Record<string, unknown>>;

export async function startWfm({ onboarding = 'ca', clock, more }: WfmSettings = {}): Promise<Wfm> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-operator-api-'));
  const authority = await createAuthority();
  const registry = await startStubRegistry();
  const deviceCa = join(folder, 'device-ca.crt');
  await writeFile(deviceCa, authority.pem);
  const definitions = await Promise.all(Object.values(builtins.definitions).map((load) => load()));
  const host = await startTestHost({
    definitions: [...definitions, ...(more?.definitions ?? [])],
    ...(clock && { clock }),
    profile: `
profile: wfm
providers:
  store:     { type: state.memory }
  events:    { type: events.memory }
  packages:  { type: registry.oci, config: { registries: [{ url: "${registry.url}" }] } }
${more?.providers ?? ''}
managers:
  access:    { type: manager.access }
  catalog:   { type: manager.catalog, config: { attempts: 1 } }
  devices:   { type: manager.device, config: { onboarding: ${onboarding}, deviceCa: "${deviceCa}" } }
  placement: { type: manager.placement }
  manifests: { type: manager.manifest }
  solutions: { type: manager.solution }
  instances: { type: manager.instance }
${more?.managers ?? ''}
vendors:
  device:    { type: vendor.device-signed, path: /api/v1 }
  operator:  { type: vendor.operator, path: /nbi/v1 }
  registry:  { type: vendor.oci-registry }
${more?.vendors ?? ''}
bindings:
  http:      { type: binding.http, config: { tls: off, port: 0 } }
${more?.bindings ?? ''}
`,
  });
  const admin = (await readFile(join(host.dataDir, 'admin.token'), 'utf8')).trim();
  const ask: Wfm['ask'] = (method, path, asked = {}) =>
    call(`${host.url}/nbi/v1${path}`, { method, token: admin, ...asked });
  const issue = async (role: Role): Promise<string> =>
    String((await must(201, ask('POST', '/tokens', { body: { name: `a ${role}`, role } }))).json['token']);
  const tokens = { viewer: await issue('viewer'), operator: await issue('operator'), admin };

  const imported: Wfm['imported'] = (id) =>
    eventually(
      () => ask('GET', `/packages/${id}`),
      ({ status, json }) => status !== 200 || (json['status'] as { state: string }).state !== 'PENDING',
    );
  const packageRequest: Wfm['packageRequest'] = (version, text = description(version)) => {
    registry.addPackage('apps/line', version, text);
    return {
      metadata: { name: 'line' },
      spec: { source: { registryUrl: registry.url, repository: 'apps/line', tag: version } },
    };
  };
  const device: Wfm['device'] = async (name = 'press-7') => {
    const key = generateKey();
    return new Device({ origin: host.url, key, certificate: await authority.issue(key, name) });
  };
  const stop = async (): Promise<void> => {
    await host.stop();
    await registry.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    host,
    registry,
    tokens,
    ask,
    packageRequest,
    imported,
    device,
    importPackage: async (version, text) => {
      const { json } = await must(202, ask('POST', '/packages', { body: packageRequest(version, text) }));
      const { json: end, text: said } = await imported(String(json['id']));
      if ((end['status'] as { state: string }).state !== 'ONBOARDED') throw new Error(said);
      return String(json['id']);
    },
    ready: async (document = secondForm(), name) => (await (await device(name)).onboard()).report(document),
    deploy: async (packageId, to, name = `line-${randomUUID().slice(0, 8)}`, spec = {}) => {
      const body = {
        metadata: { name },
        spec: { appPackageRef: { id: packageId }, deviceRef: { id: to.clientId }, ...spec },
      };
      return String((await must(202, ask('POST', '/deployments', { body }))).json['id']);
    },
    lines: () =>
      host
        .log()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as LogLine),
    [Symbol.asyncDispose]: stop,
  };
}

async function must(status: number, asked: Promise<Reply>): Promise<Reply> {
  const reply = await asked;
  if (reply.status !== status) throw new Error(`expected ${status}: ${reply.status} ${reply.text}`);
  return reply;
}
