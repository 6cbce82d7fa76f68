import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Clock,
  componentCapability,
  defineProvider,
  FleetManager,
  FleetManagerFault,
  TargetProvider,
  z,
} from '../../core/plugin/index.js';
import { manualClock, silentLogger, startTestHost, type TestHost } from '../../core/testing/index.js';
import type { Deployment } from '../../managers/margo/index.js';
import reconcile from '../../managers/reconcile/definition.js';
import { applications } from '../../managers/reconcile/records.js';
import sync from '../../managers/sync/definition.js';
import events from '../../providers/events/memory/index.js';
import sqlite, { SqliteState } from '../../providers/state/sqlite/index.js';
import { MockConfig, MockPlatform, MockTarget } from '../../providers/target/mock/index.js';
import { FakeFleetManager } from './fake-fleet-manager.js';

const a = '11111111-1111-4111-8111-111111111111';
const b = '22222222-2222-4222-8222-222222222222';

function deployment(id: string, revision = '1.0.0', more: Partial<Deployment['profile']> = {}): Deployment {
  return {
    id,
    name: `app-${id.slice(0, 4)}`,
    namespace: 'default',
    deviceId: 'edge',
    applicationId: 'app',
    profile: {
      type: 'custom',
      components: [
        { name: 'main', properties: { repository: `oci://reg.test/${id.slice(0, 4)}`, revision }, extensions: {} },
      ],
      extensions: {},
      ...more,
    },
    parameters: {},
  };
}

/** An agent of the real managers over SQLite, with a fleet manager and a platform that the test plays. */
class Agent {
  readonly fleet = new FakeFleetManager();
  target: MockTarget | undefined;
  #host: TestHost | undefined;
  #directory: string | undefined;

  async start(targetConfig: Record<string, unknown> = {}, clock?: Clock): Promise<void> {
    this.#directory ??= await mkdtemp(join(tmpdir(), 'tutti-agent-'));
    this.#host = await startTestHost({
      dataDir: this.#directory,
      ...(clock && { clock }),
      definitions: [
        events,
        sqlite,
        reconcile,
        sync,
        defineProvider({ port: FleetManager, type: 'wfm.fake', version: '1.0.0', create: () => this.fleet }),
        defineProvider({
          port: TargetProvider,
          type: 'target.played',
          version: '1.0.0',
          config: MockConfig,
          create: ({ config, clock, dataDir }) => {
            this.target = new MockTarget(
              config,
              clock,
              new MockPlatform(config.persistent ? join(dataDir, 'mock.json') : undefined),
            );
            return this.target;
          },
        }),
      ],
      profile: `
profile: agent
providers:
  store:  { type: state.sqlite }
  events: { type: events.memory }
  wfm:    { type: wfm.fake }
  target: { type: target.played, config: ${JSON.stringify({ deploymentTypes: ['custom'], persistent: true, ...targetConfig })} }
managers:
  reconcile: { type: manager.reconcile, config: { retryFirstSeconds: 0.02, retryCapSeconds: 0.1 } }
  sync:      { type: manager.sync, config: { pollSeconds: 0.1, device: { id: edge } } }
`,
    });
  }

  log(): string {
    return this.#host?.log() ?? '';
  }

  health(entry: string): string | undefined {
    return this.#host?.status.entries().find(({ name }) => name === entry)?.health.reason;
  }

  async running(): Promise<string[]> {
    const applications = (await this.target?.actual()) ?? [];
    return applications
      .flatMap(({ id, components }) => components.filter(({ phase }) => phase === 'running').map(() => id))
      .sort();
  }

  /** What a stopped agent remembers of applications. */
  async remembered(): Promise<string[]> {
    const store = new SqliteState({ file: join(this.#directory ?? '', 'state.db') }, silentLogger());
    await store.start();
    const { items } = await store.list(applications);
    await store.stop();
    return items.map(({ key }) => key);
  }

  async stop(): Promise<void> {
    await this.#host?.stop();
    this.#host = undefined;
  }

  async dispose(): Promise<void> {
    await this.stop();
    if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
  }
}

describe('the agent', () => {
  let agent = new Agent();
  afterEach(async () => {
    await agent.dispose();
    agent = new Agent();
  });
  const eventually = expect.poll;

  it('onboards, reports what it can do, runs what is desired and says so', async () => {
    await agent.fleet.publish(1, [deployment(a), deployment(b)]);
    await agent.start();
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed', [b]: 'installed' });
    expect(await agent.running()).toEqual([a, b]);
    const asked = agent.fleet.calls.filter((call) => !call.startsWith('changes'));
    expect(asked.slice(0, 4)).toEqual(['enroll', 'capabilities', 'manifest', 'bundle']);
    const walk = agent.fleet.reports.filter(({ deploymentId }) => deploymentId === a).map(({ state }) => state);
    expect(walk.at(-1)).toBe('installed');
    expect(walk.indexOf('installing')).toBeLessThan(walk.indexOf('installed'));
  });

  it('fetches one changed deployment alone, and removes by absence', async () => {
    await agent.fleet.publish(1, [deployment(a), deployment(b)]);
    await agent.start();
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed', [b]: 'installed' });
    agent.fleet.calls.length = 0;
    await agent.fleet.publish(2, [deployment(a, '2.0.0')]);
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed', [b]: 'removed' });
    expect(agent.fleet.calls).toContain(`deployment ${a}`);
    expect(agent.fleet.calls).not.toContain('bundle');
    await eventually(() => agent.running()).toEqual([a]);
    await agent.stop();
    expect(await agent.remembered()).toEqual([a]);
  });

  it('refuses an older manifest and one of the same version, and says that it did', async () => {
    await agent.fleet.publish(5, [deployment(a)]);
    await agent.start();
    await eventually(() => agent.running()).toEqual([a]);
    await agent.fleet.publish(5, []);
    await eventually(() => agent.health('sync')).toMatch(/version 5 is not above 5: refused as a rollback/);
    expect(agent.log()).toContain('security: an older manifest was offered and refused');
    expect(await agent.running()).toEqual([a]);
    await agent.fleet.publish(6, []);
    await eventually(() => agent.running()).toEqual([]);
  });

  it('still refuses it after a restart', async () => {
    await agent.fleet.publish(5, [deployment(a)]);
    await agent.start();
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed' });
    await agent.stop();
    await agent.fleet.publish(4, []);
    await agent.start();
    await eventually(() => agent.health('sync')).toMatch(/version 4 is not above 5/);
    expect(await agent.running()).toEqual([a]);
    expect(agent.fleet.calls.filter((call) => call === 'enroll')).toHaveLength(1);
  });

  it('adopts nothing of a manifest of which one byte is wrong', async () => {
    await agent.fleet.publish(1, [deployment(a)]);
    await agent.start();
    await eventually(() => agent.running()).toEqual([a]);
    agent.fleet.tamper = (bytes) => Uint8Array.from(bytes, (byte, index) => (index === 10 ? byte ^ 1 : byte));
    await agent.fleet.publish(2, [deployment(b)]);
    await eventually(() => agent.health('sync')).toMatch(/should have the digest/);
    expect(await agent.running()).toEqual([a]);
    agent.fleet.tamper = (bytes) => bytes;
    await eventually(() => agent.running()).toEqual([b]);
  });

  it('fetches one by one when the bundle is wrong', async () => {
    const { fleet } = agent;
    fleet.faults.set('bundle', new FleetManagerFault('not-found', 'no such bundle'));
    await fleet.publish(1, [deployment(a), deployment(b)]);
    await agent.start();
    await eventually(() => agent.running()).toEqual([a, b]);
    expect(fleet.calls).toEqual(expect.arrayContaining(['bundle', `deployment ${a}`, `deployment ${b}`]));
  });

  it('runs the others when one application fails, reports why, and tries again', async () => {
    await agent.fleet.publish(1, [deployment(a), deployment(b)]);
    await agent.start({ missing: ['oci://reg.test/1111'] });
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'failed', [b]: 'installed' });
    // It is tried again and again: what is told of it changes all the time, and passes through the failure.
    const failure = agent.fleet.reports.find(({ deploymentId, state }) => deploymentId === a && state === 'failed');
    expect(failure?.components[0]).toMatchObject({ name: 'main', error: { code: 'ARTIFACT', source: 'main' } });
    await eventually(() => agent.health('reconcile')).toMatch(/1 of 2 applications failing/);
    await agent.fleet.publish(2, [deployment(b)]);
    await eventually(() => agent.fleet.states()[a]).toBe('removed');
  });

  it('succeeds on a later try without being asked', async () => {
    await agent.fleet.publish(1, [deployment(a)]);
    await agent.start({ failures: { sequence: ['start', 'platform', 'ok'] } });
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed' });
  });

  it('notices that a workload died and brings it back', async () => {
    await agent.fleet.publish(1, [deployment(a)]);
    await agent.start();
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed' });
    await agent.target?.crash(a, 'main');
    await eventually(() => agent.fleet.reports.some(({ components }) => components[0]?.error?.code === 'STOPPED')).toBe(
      true,
    );
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed' });
    expect(await agent.running()).toEqual([a]);
  });

  it('does not run what the device is not eligible for, and says why', async () => {
    const deviceConstraints = { capacityRequirements: { memory: '900Ti' } };
    await agent.fleet.publish(1, [deployment(a, '1.0.0', { deviceConstraints }), deployment(b)]);
    await agent.start();
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'failed', [b]: 'installed' });
    const report = agent.fleet.reports.findLast(({ deploymentId }) => deploymentId === a);
    expect(report?.error).toMatchObject({ code: 'NOT_ELIGIBLE', source: 'app-1111' });
    expect(report?.error?.message).toContain('memory');
    expect(await agent.running()).toEqual([b]);
  });

  it('keeps what runs when a new revision has to be refused, and removes it when it shall go', async () => {
    await agent.fleet.publish(1, [deployment(a)]);
    await agent.start();
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed' });
    const deviceConstraints = { capacityRequirements: { memory: '900Ti' } };
    await agent.fleet.publish(2, [deployment(a, '2.0.0', { deviceConstraints })]);
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'failed' });
    expect(await agent.running()).toEqual([a]);
    expect(agent.fleet.reports.map(({ state }) => state)).not.toContain('removed');
    await agent.target?.crash(a, 'main');
    await eventually(() => agent.running()).toEqual([a]);
    await agent.fleet.publish(3, []);
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'removed' });
    expect(await agent.running()).toEqual([]);
  });

  it('calls a component that nobody waits for installed once it runs, and not before', async () => {
    const unwaited = deployment(a);
    const [component] = unwaited.profile.components;
    const components = component ? [{ ...component, properties: { ...component.properties, wait: false } }] : [];
    await agent.fleet.publish(1, [deployment(a, '1.0.0', { components }), deployment(b)]);
    await agent.start({ stuck: ['oci://reg.test/1111'] });
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installing', [b]: 'installed' });
    await agent.fleet.publish(2, [deployment(a, '1.0.0', { components })]);
    await eventually(() => agent.fleet.states()[b]).toBe('removed');
    expect(
      agent.fleet.reports.filter(({ deploymentId }) => deploymentId === a).map(({ state }) => state),
    ).not.toContain('installed');
    expect(agent.log()).not.toContain('not as desired');
  });

  it('gives up a step whose purpose is gone, and turns to what is wanted now', async () => {
    await agent.fleet.publish(1, [deployment(a)]);
    await agent.start({ stuck: ['oci://reg.test/1111'] });
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installing' });
    await agent.fleet.publish(2, []);
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'removed' });
  });

  it('says that it cannot run a deployment type that no target has', async () => {
    await agent.fleet.publish(1, [deployment(a, '1.0.0', { type: 'helm' })]);
    await agent.start();
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'failed' });
    expect(agent.fleet.reports.at(-1)?.error?.message).toBe('this device runs custom, not helm');
  });

  it('refuses components that are not as their target declares, before anything is applied, and says what is wrong', async () => {
    await agent.start();
    const target = agent.target ?? expect.fail('no target was made');
    const known = await target.describe();
    const parameters = z.record(z.string().regex(/^[A-Z]+$/), z.json());
    const changes = { properties: ['*'], parameters: ['*'] };
    const strict = componentCapability({
      deploymentType: 'custom',
      properties: z.looseObject({}),
      parameters,
      changes,
    });
    target.describe = async () => ({ ...known, components: [strict] });
    const pointed = (pointer: string): Deployment => ({
      ...deployment(a),
      parameters: { greeting: { value: 'a secret', targets: [{ pointer, components: ['main'] }] } },
    });

    await agent.fleet.publish(1, [pointed('a.b'), deployment(b)]);
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'failed', [b]: 'installed' });
    const report = agent.fleet.reports.findLast(({ deploymentId }) => deploymentId === a);
    expect(report?.error).toEqual({
      code: 'INVALID',
      source: 'app-1111',
      message: 'component main: parameters.a.b: the name: expected text that matches /^[A-Z]+$/',
    });
    const reported = agent.fleet.reports.filter(({ deploymentId }) => deploymentId === a).map(({ state }) => state);
    expect(reported).not.toContain('installing');

    await agent.fleet.publish(2, [pointed('GREETING'), deployment(b)]);
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed', [b]: 'installed' });
  });

  it('keeps its reports until they are taken, across a restart, and sends the newest only', async () => {
    agent.fleet.faults.set('status', new FleetManagerFault('unreachable', 'the line is down'));
    await agent.fleet.publish(1, [deployment(a)]);
    await agent.start();
    await eventually(() => agent.running()).toEqual([a]);
    await agent.stop();
    expect(agent.fleet.reports).toEqual([]);
    agent.fleet.faults.clear();
    await agent.start();
    await eventually(() => agent.fleet.reports.map(({ state }) => state)).toEqual(['installed']);
  });

  it('reports as soon as contact is there again, however long its reports failed', async () => {
    // Stands for the wait after many failures.
    agent.fleet.faults.set('status', new FleetManagerFault('unreachable', 'the line is down', 3_600_000));
    await agent.fleet.publish(1, [deployment(a)]);
    await agent.start();
    await eventually(() => agent.running()).toEqual([a]);
    agent.fleet.faults.set('manifest', new FleetManagerFault('unreachable', 'the line is down'));
    await eventually(() => agent.health('sync')).toMatch(/the line is down/);
    expect(agent.fleet.reports).toEqual([]);
    agent.fleet.faults.clear();
    await expect.poll(() => agent.fleet.states(), { timeout: 5_000 }).toEqual({ [a]: 'installed' });
  });

  it('reports on every manifest, also what comes out as it was before', async () => {
    await agent.fleet.publish(1, [deployment(a), deployment(b)]);
    await agent.start();
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed', [b]: 'installed' });
    await agent.stop();
    agent.fleet.reports.length = 0;
    // One changed and nobody heard how it went; the other changed and changed back while nobody looked.
    agent.fleet.faults.set('status', new FleetManagerFault('unreachable', 'the line is down'));
    await agent.fleet.publish(3, [deployment(a, '2.0.0'), deployment(b)]);
    await agent.start();
    await eventually(() => agent.log()).toMatch(/adopted a manifest/);
    await eventually(() => agent.running()).toEqual([a, b]);
    await agent.stop();
    agent.fleet.faults.clear();
    await agent.start();
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed', [b]: 'installed' });
  });

  it('goes on offline from what it knows', async () => {
    await agent.fleet.publish(1, [deployment(a)]);
    await agent.start({ persistent: false });
    await eventually(() => agent.fleet.states()).toEqual({ [a]: 'installed' });
    await agent.stop();
    for (const call of ['enroll', 'capabilities', 'manifest', 'status']) {
      agent.fleet.faults.set(call, new FleetManagerFault('unreachable', 'no network'));
    }
    await agent.start({ persistent: false });
    await eventually(() => agent.running()).toEqual([a]);
  });

  it('waits as long as the fleet manager asks', async () => {
    const clock = manualClock();
    const polls = (): number => agent.fleet.calls.filter((call) => call.startsWith('manifest')).length;
    agent.fleet.faults.set('manifest', new FleetManagerFault('busy', 'come back in an hour', 3_600_000));
    await agent.fleet.publish(1, [deployment(a)]);
    await agent.start({}, clock);
    await eventually(() => agent.health('sync')).toMatch(/come back in an hour/);
    await clock.advance(3_590_000);
    expect(polls()).toBe(1);
    agent.fleet.faults.set('manifest', new FleetManagerFault('busy', 'come back next year', 30_000_000_000));
    await clock.advance(20_000);
    await eventually(() => agent.health('sync')).toMatch(/next year/);
    expect(polls()).toBe(2);
    await clock.advance(3_600_000);
    await eventually(polls).toBe(3);
  });

  it('presents itself anew to a fleet manager that forgot it, and counts its manifests anew', async () => {
    await agent.fleet.publish(7, [deployment(a)]);
    await agent.start();
    await eventually(() => agent.running()).toEqual([a]);
    agent.fleet.clientId = 'client-2';
    agent.fleet.faults.set('manifest', new FleetManagerFault('not-found', 'who are you?'));
    await eventually(() => agent.log()).toContain('another id');
    // First this: under its new id the agent would take the old manifest, and refuse this one for its lower version.
    await agent.fleet.publish(1, [deployment(b)]);
    agent.fleet.faults.clear();
    await eventually(() => agent.running()).toEqual([b]);
  });
});
