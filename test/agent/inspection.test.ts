import { request } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { defineProvider, FleetManager, FleetManagerFault, TargetProvider } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/index.js';
import reconcile from '../../managers/reconcile/definition.js';
import sync from '../../managers/sync/definition.js';
import events from '../../providers/events/memory/index.js';
import memory from '../../providers/state/memory/index.js';
import { MockConfig, MockPlatform, MockTarget } from '../../providers/target/mock/index.js';
import agentVendor from '../../vendors/agent/index.js';
import http from '../../vendors/http/index.js';
import { FakeFleetManager } from './fake-fleet-manager.js';

const id = '11111111-1111-4111-8111-111111111111';
const component = (name: string, repository: string) => ({
  name,
  properties: { repository: `oci://reg.test/${repository}`, revision: '1.0.0' },
  extensions: {},
});

let fleet = new FakeFleetManager();
let host: TestHost | undefined;
afterEach(async () => {
  await host?.stop();
  host = undefined;
  fleet = new FakeFleetManager();
});

/** An agent with one application of two components; the second cannot be had while `missing` names it. */
async function start(target: Record<string, unknown> = {}, read?: () => never): Promise<TestHost> {
  await fleet.publish(1, [
    {
      id,
      name: 'pump',
      namespace: 'default',
      deviceId: 'edge',
      applicationId: 'app',
      profile: { type: 'custom', components: [component('main', 'main'), component('side', 'side')], extensions: {} },
      parameters: {},
    },
  ]);
  host = await startTestHost({
    definitions: [
      events,
      memory,
      reconcile,
      sync,
      agentVendor,
      http,
      defineProvider({ port: FleetManager, type: 'wfm.fake', version: '1.0.0', create: () => fleet }),
      defineProvider({
        port: TargetProvider,
        type: 'target.played',
        version: '1.0.0',
        config: MockConfig,
        create: ({ config, clock }) => {
          const mock = new MockTarget(config, clock, new MockPlatform(undefined));
          return read ? Object.assign(mock, { logs: async () => read() }) : mock;
        },
      }),
    ],
    profile: `
profile: agent
providers:
  store:  { type: state.memory }
  events: { type: events.memory }
  wfm:    { type: wfm.fake }
  target: { type: target.played, config: ${JSON.stringify({ deploymentTypes: ['custom'], ...target })} }
managers:
  reconcile: { type: manager.reconcile }
  sync:      { type: manager.sync, config: { device: { id: edge } } }
vendors:
  agent: { type: vendor.agent }
bindings:
  http: { type: binding.http, config: { tls: off, port: 0 } }
`,
  });
  return host;
}

interface Status {
  readonly sync: Readonly<Record<string, unknown>>;
  readonly applications: readonly Readonly<Record<string, unknown>>[];
}
const status = async (on: TestHost): Promise<Status> =>
  (await fetch(`${on.url}/agent/status`)).json() as Promise<Status>;
const logs = (on: TestHost, rest: string): Promise<Response> => fetch(`${on.url}/agent/applications/${rest}`);

/** A request with header fields that fetch sets by itself. */
function statusOf(on: TestHost, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${on.url}/agent/status`, { headers }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

it('tells how it stands with its fleet manager and how its applications are', async () => {
  const on = await start();
  await expect.poll(async () => (await status(on)).applications[0]?.['state']).toBe('installed');
  expect(await status(on)).toEqual({
    sync: { clientId: 'client-1', manifestVersion: 1, lastContact: expect.stringMatching(/^\d{4}-.*Z$/) },
    applications: [
      {
        id,
        name: 'pump',
        state: 'installed',
        components: [
          { name: 'main', state: 'installed' },
          { name: 'side', state: 'installed' },
        ],
      },
    ],
  });
});

it('tells what is wrong, and when it is tried again', async () => {
  const on = await start({ missing: ['oci://reg.test/side'] });
  await expect.poll(async () => (await status(on)).applications[0]?.['retryAt']).toMatch(/^\d{4}-.*Z$/);
  expect((await status(on)).applications).toMatchObject([
    { state: 'failed', components: [{ state: 'installed' }, { state: 'failed', error: { code: 'ARTIFACT' } }] },
  ]);
});

it('tells why there is no contact, and what is being done', async () => {
  fleet.faults.set('status', new FleetManagerFault('unreachable', 'the line is down'));
  const on = await start({ stuck: ['oci://reg.test/main'] });
  await expect.poll(async () => (await status(on)).applications[0]?.['doing']).toMatch(/^main: /);
  await on.stop();
  host = undefined;
  fleet = new FakeFleetManager();
  fleet.faults.set('enroll', new FleetManagerFault('unreachable', 'nobody there'));
  const alone = await start();
  await expect.poll(async () => (await status(alone)).sync).toEqual({ manifestVersion: 0, trouble: 'nobody there' });
});

it('tells what it would do about an application, and why', async () => {
  const on = await start({ missing: ['oci://reg.test/side'] });
  const planned = async (application: string): Promise<unknown> =>
    (await fetch(`${on.url}/agent/applications/${application}/plan`)).json();
  // A try to install it may be under way; it is not part of what would be done anew.
  await expect
    .poll(() => planned(id))
    .toEqual({
      steps: [
        {
          kind: 'install',
          component: 'side',
          target: 'target',
          reason: 'not there yet',
          effects: ['pretend to install oci://reg.test/side 1.0.0'],
        },
      ],
    });
  expect(await planned('x')).toMatchObject({ status: 404, detail: 'there is no application x here' });
});

it('tells of nothing to do where all is as desired', async () => {
  const on = await start();
  await expect.poll(async () => (await status(on)).applications[0]?.['state']).toBe('installed');
  expect(await (await fetch(`${on.url}/agent/applications/${id}/plan`)).json()).toEqual({ steps: [] });
});

it('shows the newest lines of a component', async () => {
  const on = await start();
  await expect.poll(async () => (await status(on)).applications[0]?.['state']).toBe('installed');
  const reply = await logs(on, `${id}/components/main/logs`);
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
  expect(await reply.text()).toBe('start 1\n');
  expect((await logs(on, `${id}/components/main/logs?lines=1`)).status).toBe(200);
  for (const lines of ['0', '-1', 'many', '10001']) {
    expect((await logs(on, `${id}/components/main/logs?lines=${lines}`)).status).toBe(422);
  }
  const nothing = await logs(on, `${id}/components/none/logs`);
  expect([nothing.status, await nothing.text()]).toEqual([404, expect.stringContaining('pump has no component none')]);
  const nobody = await logs(on, 'x/components/main/logs');
  expect([nobody.status, await nobody.text()]).toEqual([404, expect.stringContaining('no application x here')]);
});

it('says so when its target does not give them', async () => {
  const on = await start({}, () => {
    throw new Error('the engine is away');
  });
  await expect.poll(async () => (await status(on)).applications[0]?.['state']).toBe('installed');
  const reply = await logs(on, `${id}/components/main/logs`);
  expect([reply.status, await reply.text()]).toEqual([503, expect.stringContaining('the engine is away')]);
});

it('shows itself to this machine alone', async () => {
  const on = await start();
  expect(await statusOf(on, {})).toBe(200);
  expect(await statusOf(on, { 'x-forwarded-for': '10.0.0.1' })).toBe(403);
  expect(await statusOf(on, { host: 'rebound.test' })).toBe(403);
});
