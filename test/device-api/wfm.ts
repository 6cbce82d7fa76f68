import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtins } from '../../cli/builtins.js';
import { defineBinding, type Surface } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import { createAuthority, type DeviceAuthority, type Validity } from './authority.js';
import { Device, secondForm } from './device.js';
import { type Answer, send } from './http.js';
import { generateKey, type Scheme } from './keys.js';
import { ObservedState, observed } from './observed-state.js';
import { description, type StubRegistry, startStubRegistry } from './registry.js';

export interface WfmSettings {
  readonly onboarding?: 'ca' | 'approve' | 'open';
  /** Of the binding, in YAML flow style: `tls: off, headersTimeout: 1`. */
  readonly binding?: string;
  /** Of the device vendor. */
  readonly vendor?: string;
  /** The entry of the store; the one that {@link Wfm.dump} reads unless told. */
  readonly store?: string;
}

/** A whole fleet manager of the built-in definitions, served on a socket, and what a test does with it. */
export interface Wfm extends AsyncDisposable {
  readonly host: TestHost;
  /** All operations that it serves. */
  readonly surface: Surface;
  readonly authority: DeviceAuthority;
  readonly registry: StubRegistry;
  /** Of the first admin. */
  readonly token: string;
  /** PEM of the CA of the server, with TLS. */
  readonly ca: string | undefined;
  /** All that is stored, but for the traces that every call leaves. */
  dump(): Promise<string>;
  /** A device with a key and a certificate of the device CA that nobody has seen yet. */
  device(options?: {
    scheme?: Scheme;
    name?: string;
    validity?: Validity;
    publicUrl?: string;
    authority?: DeviceAuthority;
  }): Promise<Device>;
  /** One that is onboarded and has reported what it can do. */
  ready(document?: object): Promise<Device>;
  /** A call of the operator; `body` is sent as JSON, or as the exact bytes. */
  operate(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Imports a version of the sample application and gives the package's id. */
  importPackage(version: string, text?: string): Promise<string>;
  /** Deploys a package to a device and gives the deployment's id. */
  deploy(packageId: string, device: Device, name?: string, parameters?: object): Promise<string>;
  stop(): Promise<void>;
}

export async function startWfm(settings: WfmSettings = {}): Promise<Wfm> {
  const { onboarding = 'ca', binding = 'tls: off', vendor = '', store = '{ type: state.observed }' } = settings;
  const folder = await mkdtemp(join(tmpdir(), 'tutti-device-api-'));
  const authority = await createAuthority();
  const registry = await startStubRegistry();
  await writeFile(join(folder, 'device-ca.crt'), authority.pem);
  const state = new ObservedState();
  const { binding: witness, surface } = surfaceWitness();
  const definitions = await Promise.all(Object.values(builtins.definitions).map((load) => load()));
  const host = await startTestHost({
    definitions: [...definitions, observed(state), witness],
    profile: `
profile: wfm
providers:
  store:     ${store}
  events:    { type: events.memory }
  packages:  { type: registry.oci, config: { registries: [{ url: "${registry.url}" }] } }
managers:
  access:    { type: manager.access }
  catalog:   { type: manager.catalog, config: { attempts: 1 } }
  devices:   { type: manager.device, config: { onboarding: ${onboarding}, deviceCa: "${join(folder, 'device-ca.crt')}" } }
  placement: { type: manager.placement }
  manifests: { type: manager.manifest }
  solutions: { type: manager.solution }
  instances: { type: manager.instance }
vendors:
  device:    { type: vendor.device-signed, path: /api/v1, config: { ${vendor} } }
  operator:  { type: vendor.operator, path: /nbi/v1 }
  registry:  { type: vendor.oci-registry }
  system:    { type: vendor.system }
bindings:
  http:      { type: binding.http, config: { port: 0, ${binding} } }
  witness:   { type: binding.witness }
`,
  });
  const origin = host.url;
  const token = (await readFile(join(host.dataDir, 'admin.token'), 'utf8')).trim();
  const ca = origin.startsWith('https:') ? await readFile(join(host.dataDir, 'pki', 'ca.crt'), 'utf8') : undefined;

  const operate: Wfm['operate'] = (method, path, body) =>
    send(
      origin,
      {
        method,
        path: `/nbi/v1${path}`,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        body: body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body)),
      },
      ca,
    );
  const device: Wfm['device'] = async ({ scheme, name = 'press-7', validity, publicUrl, authority: by } = {}) => {
    const key = generateKey(scheme);
    const certificate = await (by ?? authority).issue(key, name, validity);
    return new Device({
      origin,
      key,
      certificate,
      ...(ca !== undefined && { ca }),
      ...(publicUrl !== undefined && { publicUrl }),
    });
  };
  const stop = async (): Promise<void> => {
    await host.stop();
    await registry.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    host,
    surface: surface(),
    authority,
    registry,
    token,
    ca,
    operate,
    device,
    stop,
    [Symbol.asyncDispose]: stop,
    dump: () => state.dump(),
    ready: async (document = secondForm()) => (await (await device()).onboard()).report(document),
    importPackage: (version, text = description(version)) => importPackage(registry, operate, version, text),
    deploy: async (packageId, to, name = 'line-a', parameters) => {
      const spec = { appPackageRef: { id: packageId }, deviceRef: { id: to.clientId }, parameters };
      const answer = await operate('POST', '/deployments', { metadata: { name }, spec });
      if (answer.status !== 202) throw new Error(`deploy: ${answer.status} ${answer.text}`);
      return String(answer.json['id']);
    },
  };
}

/** A binding that serves nothing and tells what it would have to. */
function surfaceWitness() {
  const seen: Surface[] = [];
  const binding = defineBinding({
    type: 'binding.witness',
    version: '1.0.0',
    summary: 'Tells the test what there is to serve',
    create: ({ surface }) => {
      seen.push(surface);
      return { addresses: () => [] };
    },
  });
  const surface = (): Surface => {
    const [only] = seen;
    if (!only) throw new Error('the host made no binding');
    return only;
  };
  return { binding, surface };
}

async function importPackage(
  registry: StubRegistry,
  operate: Wfm['operate'],
  version: string,
  text: string,
): Promise<string> {
  registry.addPackage('apps/line', version, text);
  const source = { registryUrl: registry.url, repository: 'apps/line', tag: version };
  const answer = await operate('POST', '/packages', { metadata: { name: 'line' }, spec: { source } });
  if (answer.status !== 202) throw new Error(`import: ${answer.status} ${answer.text}`);
  const id = String(answer.json['id']);
  for (;;) {
    const { json } = await operate('GET', `/packages/${id}`);
    const { state } = json['status'] as { state: string };
    if (state === 'ONBOARDED') return id;
    if (state === 'FAILED') throw new Error(JSON.stringify(json['status']));
  }
}
