import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { builtins } from '../../cli/builtins.js';
import { packTarGz } from '../../core/archive/index.js';
import type { Definition } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/index.js';
import { artifactTypes, mediaTypes } from '../../managers/margo/index.js';
import { processArtifactType, processLayerType } from '../../providers/target/process/index.js';
import { describeWith, type RegistryPart } from '../parts/index.js';
import { TokenIssuer } from '../parts/token-issuer.js';
import { harborClient } from './harbor.js';
import { HarborStandIn } from './stand-in.js';

// The registry and the tokens that it verifies are real; what Harbor adds to them is a stand-in.
describeWith(['registry'], 'a device of a fleet manager that hands out pull credentials', (start) => {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-pull-credentials-'));
  let harbor: HarborStandIn;
  let docker: RegistryPart;
  let definitions: Definition[];
  let wfm: TestHost;
  let agent: TestHost;

  beforeAll(async () => {
    definitions = await Promise.all(Object.values(builtins.definitions).map((load) => load()));
    const issuer = await TokenIssuer.make(folder);
    harbor = await HarborStandIn.start(issuer);
    docker = await start.registry({ tokens: issuer.trust(harbor.realm) });
    harbor.registry = docker.host;
    harbor.rooms.addProject('apps');
    await pushSamples(harbor);
    const fleet = { definitions, dataDir: join(folder, 'wfm'), profile: fleetProfile(harbor) };
    wfm = await startTestHost(fleet);
    agent = await startAgent();
  });
  afterAll(async () => {
    await agent?.stop();
    await wfm?.stop();
    await harbor?.stop();
    await docker?.stop();
    rmSync(folder, { recursive: true });
  });

  const startAgent = () =>
    startTestHost({ definitions, dataDir: join(folder, 'agent'), profile: agentProfile(wfm, harbor) });
  const robots = () => [...harbor.rooms.robots.values()].map(({ name, actions }) => ({ name, actions }));
  /** Every password that an account of a device ever had. */
  const passwords = () => harbor.rooms.secrets;
  const device = async () => String(((await operate(wfm, 'GET', '/devices'))['items'] as { id: string }[])[0]?.id);
  const kept = () => join(folder, 'agent', 'pulls', 'credentials.json');

  it('pulls with an account of its own, whose password only the device and Harbor know', async () => {
    await deployed(wfm, harbor, 'pump');
    const id = await device();
    expect(robots()).toEqual([{ name: `robot$apps+tutti-${id}`, actions: ['pull'] }]);
    const pulled = harbor.tokens.filter(({ username }) => username.startsWith('robot$'));
    expect(new Set(pulled.map(({ username, scope }) => `${username} ${scope}`))).toEqual(
      new Set([`robot$apps+tutti-${id} repository:apps/work:pull`]),
    );
    expect(statSync(kept()).mode & 0o777).toBe(0o600);
    expect(readFileSync(kept(), 'utf8')).toContain(passwords()[0]);
    for (const [where, text] of everythingWritten(folder, [wfm, agent])) {
      if (where === kept()) continue;
      for (const password of passwords()) expect(text.includes(password), `a password in ${where}`).toBe(false);
    }
  });

  it('uses after a restart what it has kept', async () => {
    const before = passwords().length;
    await agent.stop();
    agent = await startAgent();
    await deployed(wfm, harbor, 'valve');
    expect(passwords()).toHaveLength(before);
  });

  it('asks for a new password when the registry does not take the one that it has', async () => {
    await agent.stop();
    const [robot] = harbor.rooms.robots.values();
    if (!robot) throw new Error('the device has an account');
    robot.secret = harbor.rooms.newSecret();
    const content = JSON.parse(readFileSync(kept(), 'utf8')) as { at: number };
    writeFileSync(kept(), JSON.stringify({ ...content, at: content.at - 3_600_000 }));
    agent = await startAgent();
    await deployed(wfm, harbor, 'fan');
    expect(readFileSync(kept(), 'utf8')).toContain(robot.secret);
  });

  it('loses its account when it is revoked', async () => {
    // What runs would outlive its agent, and this test.
    await allRemoved(wfm);
    await operate(wfm, 'POST', `/devices/${await device()}/revoke`);
    await vi.waitFor(() => expect(robots()).toEqual([]), patience);
    expect(harbor.violations).toEqual([]);
  });
});

const patience = { timeout: 30_000, interval: 100 };

function fleetProfile(harbor: HarborStandIn): string {
  const { username, password } = harbor.rooms.admin;
  const account = `url: "${harbor.url}", username: ${username}, password: ${password}`;
  return `
profile: wfm
providers:
  store:     { type: state.sqlite }
  events:    { type: events.memory }
  packages:  { type: registry.harbor, config: { ${account} } }
  accounts:  { type: credentials.harbor, config: { ${account}, project: apps } }
managers:
  access:    { type: manager.access }
  catalog:   { type: manager.catalog }
  devices:   { type: manager.device, config: { onboarding: open } }
  credentials: { type: manager.credentials }
  placement: { type: manager.placement }
  manifests: { type: manager.manifest }
  solutions: { type: manager.solution }
  instances: { type: manager.instance }
vendors:
  device:    { type: vendor.device-signed, path: /api/v1 }
  operator:  { type: vendor.operator, path: /nbi/v1 }
bindings:
  http:      { type: binding.http, config: { tls: off, port: 0 } }
`;
}

function agentProfile(wfm: TestHost, harbor: HarborStandIn): string {
  return `
profile: agent
providers:
  store:     { type: state.sqlite }
  events:    { type: events.memory }
  line:      { type: transport.http, config: { url: "${wfm.url}" } }
  wfm:       { type: wfm.signed, config: { name: press-7 } }
  pulls:     { type: pull-credentials.wfm }
  packages:  { type: registry.oci, config: { registries: [{ url: "${harbor.url}" }] } }
  process:   { type: target.process }
managers:
  reconcile: { type: manager.reconcile }
  sync:      { type: manager.sync, config: { pollSeconds: 0.5, device: { id: press-7 } } }
`;
}

async function operate(host: TestHost, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const token = readFileSync(join(host.dataDir, 'admin.token'), 'utf8').trim();
  const answer = await fetch(`${host.url}/nbi/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

const margoYaml = (host: string, name: string): string => `
apiVersion: margo.org/v1-alpha1
kind: ApplicationDescription
id: com-acme-${name}
metadata:
  name: ${name}
  version: 1.0.0
  catalog: { application: { tags: [${name}] }, organization: [{ name: Acme, site: https://acme.test }] }
deploymentProfiles:
  - id: process
    type: custom
    components: [{ name: main, properties: { repository: oci://${host}/apps/work, revision: 1.0.0 } }]
`;

/** A package for each name; they share the artifact of their component. */
async function pushSamples(harbor: HarborStandIn): Promise<void> {
  const { registry, stop } = await harborClient({ url: harbor.url, ...harbor.rooms.admin });
  for (const name of ['pump', 'valve', 'fan']) {
    await registry.push(
      { registry: harbor.host, repository: `apps/${name}`, tag: '1.0.0' },
      {
        artifactType: artifactTypes.application,
        layers: [
          {
            mediaType: mediaTypes.description,
            bytes: Buffer.from(margoYaml(harbor.host, name)),
            annotations: { 'org.opencontainers.image.title': 'margo.yaml' },
          },
        ],
      },
    );
  }
  const entries = [{ path: 'component.yaml', bytes: Buffer.from('command: [sleep, "100000"]\nstop: { grace: 1s }\n') }];
  await registry.push(
    { registry: harbor.host, repository: 'apps/work', tag: '1.0.0' },
    { artifactType: processArtifactType, layers: [{ mediaType: processLayerType, bytes: await packTarGz(entries) }] },
  );
  await stop();
}

/** Has the only device run a package. */
async function deployed(wfm: TestHost, harbor: HarborStandIn, name: string): Promise<void> {
  const source = { registryUrl: harbor.url, repository: `apps/${name}`, tag: '1.0.0' };
  const { id: packageId } = await operate(wfm, 'POST', '/packages', { metadata: { name }, spec: { source } });
  const state = async (path: string) => (await operate(wfm, 'GET', path))['status'];
  await vi.waitFor(
    async () => expect(await state(`/packages/${packageId}`)).toMatchObject({ state: 'ONBOARDED' }),
    patience,
  );
  const id = await vi.waitFor(async () => {
    const { items } = await operate(wfm, 'GET', '/devices');
    const [device] = items as { id: string }[];
    const spec = { appPackageRef: { id: packageId }, deviceRef: { id: device?.id } };
    return (await operate(wfm, 'POST', '/deployments', { metadata: { name }, spec }))['id'];
  }, patience);
  await vi.waitFor(
    async () => expect(await state(`/deployments/${id}`)).toMatchObject({ state: 'INSTALLED' }),
    patience,
  );
}

async function allRemoved(wfm: TestHost): Promise<void> {
  const listed = async () => (await operate(wfm, 'GET', '/deployments'))['items'] as readonly { id: string }[];
  for (const { id } of await listed()) await operate(wfm, 'DELETE', `/deployments/${id}`);
  await vi.waitFor(async () => expect(await listed()).toEqual([]), patience);
}

/** Every file below the folder, and the logs of the hosts. */
function* everythingWritten(
  folder: string,
  hosts: readonly TestHost[],
): Iterable<readonly [where: string, text: string]> {
  for (const [at, host] of hosts.entries()) yield [`log ${at}`, host.log()];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    yield [file, readFileSync(file, 'latin1')];
  }
}
