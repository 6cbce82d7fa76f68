import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { ActualComponent, DesiredApplication, DesiredComponent } from '../../../core/plugin/index.js';
import { buildImage, type DockerPart, describeWith, type RegistryPart } from '../../../test/parts/index.js';
import { agent } from '../../../test/target/docker-subject.js';
import { application, type DockerTrial, dockerTrial, pushComponent } from '../../../test/target/docker-trial.js';
import { call, faultOf } from '../../../test/target/trial.js';
import { jsonLines } from './json-lines.js';
import { labels } from './project.js';

const answers = '{ test: [CMD, cat, /tmp/up], interval: 1s, retries: 2 }';
const fails = '{ test: [CMD-SHELL, "echo pump is dry; false"], interval: 1s, retries: 1 }';
/** A service that is rolled and one that is not, with data; each says its version. */
const compose = (version: string, { web = answers, store = 'exec sleep 1000' } = {}): string => `
services:
  web:
    image: box:1
    stop_signal: SIGKILL
    command: [sh, -c, 'echo web ${version} $$DB_PASSWORD; touch /tmp/up; exec sleep 1000']
    healthcheck: ${web}
    deploy: { update_config: { order: start-first } }
  store:
    image: box:1
    stop_signal: SIGKILL
    command: [sh, -c, 'echo ${version} >> /data/lines; cat /data/lines; ${store}']
    volumes: ['data:/data']
volumes: { data: {} }
`;

// Each starts many containers, and the machine may be busy with others' tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describeWith(['docker', 'registry'], 'an update on a Docker engine', (start) => {
  let docker: DockerPart;
  let registry: RegistryPart;
  let trial: DockerTrial;
  let repository: string;
  let first: DesiredApplication;

  beforeAll(async () => {
    [docker, registry] = await Promise.all([start.docker(), start.registry()]);
    await buildImage(docker, 'box:1');
    const pushing = await dockerTrial(docker, registry);
    repository = await pushComponent(pushing, 'pump', '1.0.0', { 'compose.yaml': compose('1.0.0') });
    await pushComponent(pushing, 'pump', '2.0.0', { 'compose.yaml': compose('2.0.0') });
    const ends = { store: 'echo no disk for $$DB_PASSWORD; exit 3' };
    await pushComponent(pushing, 'pump', '3.0.0-ends', { 'compose.yaml': compose('3.0.0', ends) });
    await pushComponent(pushing, 'pump', '3.0.0-sick', { 'compose.yaml': compose('3.0.0', { web: fails }) });
    await pushing.dispose();
  });
  afterAll(async () => {
    await Promise.all([docker.stop(), registry.stop()]);
  });
  beforeEach(async () => {
    trial = await dockerTrial(docker, registry, { settle: 100 });
    first = application(repository, '1.0.0', { parameters });
    await apply(first);
  });
  afterEach(async () => {
    for (const { id, name, components } of await trial.target.actual()) {
      for (const component of components) await trial.target.remove({ id, name }, component.name, true, call());
    }
    await trial.dispose();
  });

  const parameters = { DB_PASSWORD: 'correct horse' };
  const revision = (name: string, change: Partial<DesiredComponent> = {}): DesiredApplication =>
    application(repository, name, { parameters, ...change }, first.id);
  const apply = (of: DesiredApplication): Promise<void> => trial.target.apply(of, 'monitor', call());
  const actual = async (): Promise<ActualComponent | undefined> => (await trial.target.actual())[0]?.components[0];
  const containers = async (service: string): Promise<{ readonly id: string; readonly startedAt: string }[]> => {
    const label = [`${labels.application}=${first.id}`, `com.docker.compose.service=${service}`];
    const found = await docker.client.listContainers({ all: true, filters: { label } });
    const inspected = await Promise.all(found.map(({ Id }) => docker.client.getContainer(Id).inspect()));
    return inspected.map(({ Id, State }) => ({ id: Id, startedAt: State.StartedAt }));
  };
  const said = (): Promise<readonly string[]> => trial.target.logs(first.id, 'monitor', 20);

  /** What the engine tells of containers of a service while `work` is done: short id and action. */
  const watched = async (service: string, work: () => Promise<unknown>): Promise<string[]> => {
    const filters = JSON.stringify({ type: ['container'], label: [`com.docker.compose.service=${service}`] });
    const stream = (await docker.client.getEvents({ filters })) as IncomingMessage;
    const told: string[] = [];
    const reading = (async () => {
      for await (const line of jsonLines(stream)) {
        const { Action, Actor } = line as { Action: string; Actor: { ID: string } };
        if (/^(start|die|health_status: healthy|destroy)$/.test(Action)) told.push(`${Actor.ID} ${Action}`);
      }
    })().catch(() => undefined);
    await work();
    // The engine tells in order: with the end of this one all that was before it has been told.
    const label = { 'com.docker.compose.service': service };
    const last = await docker.client.createContainer({ Image: 'box:1', Labels: label });
    await last.remove();
    await vi.waitFor(() => expect(told.at(-1)).toBe(`${last.id} destroy`), 20_000);
    stream.destroy();
    await reading;
    return told.slice(0, -1);
  };

  it('lets the old go only when the new is healthy, where the service may run twice', async () => {
    const [old] = await containers('web');
    const told = await watched('web', () => apply(revision('2.0.0')));
    const [now, ...more] = await containers('web');
    expect(more).toEqual([]);
    const order = [`${now?.id} start`, `${now?.id} health_status: healthy`, `${old?.id} die`, `${old?.id} destroy`];
    expect(told).toEqual(order);
    expect(await actual()).toMatchObject({ phase: 'running' });
    expect(await said()).toEqual(expect.arrayContaining(['web | web 2.0.0 correct horse', 'store | 2.0.0']));
    // And once more, from what an update has left.
    await apply(first);
    expect(await containers('web')).toHaveLength(1);
    expect(await actual()).toMatchObject({ phase: 'running' });
  });

  it('is taken back when it is not healthy, while what runs beside it never pauses', async () => {
    const good = await actual();
    const web = await containers('web');
    const fault = await faultOf(apply(revision('3.0.0-sick')));
    expect(fault).toMatchObject({ code: 'unhealthy', retry: true });
    expect(fault.message).toMatch(/^service web \(\S+\) is unhealthy since \d{4}-\S+Z: pump is dry; it said last:\n/);
    expect(fault.message).toContain('web 3.0.0 ***');
    expect(fault.message).toMatch(/revision 1\.0\.0 runs again$/);
    expect(fault.message).not.toContain(parameters.DB_PASSWORD);
    expect(await actual()).toEqual(good);
    expect(await containers('web')).toEqual(web);
    // The service in place had to go and come again; its data stayed.
    expect(await said()).toEqual(expect.arrayContaining(['store | 1.0.0', 'store | 3.0.0']));
    await apply(revision('2.0.0'));
    expect(await actual()).toMatchObject({ phase: 'running' });
    expect(await said()).toContain('web | web 2.0.0 correct horse');
  });

  it('is taken back when a service ends, and tells which, when, how, and its last words', async () => {
    const good = await actual();
    const fault = await faultOf(apply(revision('3.0.0-ends')));
    expect(fault).toMatchObject({ code: 'start', retry: true });
    expect(fault.message).toMatch(/^service store \(\S+\) ended with exit code 3 at \d{4}-\S+Z; it said last:\n/);
    expect(fault.message).toContain('no disk for ***');
    expect(await actual()).toEqual(good);
  });

  it('that was taken back is not tried again for a while, in which the last good one is looked after', async () => {
    const bad = revision('3.0.0-ends');
    const fault = await faultOf(apply(bad));
    const before = await containers('store');
    expect((await faultOf(apply(bad))).message).toBe(fault.message);
    expect(await containers('store')).toEqual(before);
    await docker.client.getContainer(before[0]?.id ?? '').kill();
    expect((await faultOf(apply(bad))).message).toBe(fault.message);
    expect(await actual()).toMatchObject({ phase: 'running' });
    // An agent that starts anew tries anew: the new came up once more and said so.
    const next = await trial.again();
    await faultOf(next.apply(bad, 'monitor', call()));
    expect((await said()).filter((line) => line === 'store | 3.0.0')).toHaveLength(2);
  });

  it('ends as desired, with one container for each service, when the agent is killed in its middle', async () => {
    const filters = JSON.stringify({ event: ['create'], label: ['com.docker.compose.service=web'] });
    for (const [interrupted, desired] of [
      [revision('2.0.0'), revision('2.0.0')],
      [revision('3.0.0-sick'), revision('2.0.0', { parameters: { ...parameters, AGAIN: 1 } })],
    ] as const) {
      const events = (await docker.client.getEvents({ filters })) as IncomingMessage;
      const killed = agent([
        ...[docker.socket, docker.compose, registry.url, trial.dataDir],
        ...[JSON.stringify(interrupted), 'monitor'],
      ]);
      // Its new container is beside the old one now.
      await once(events, 'data');
      await killed.kill();
      events.destroy();
      const next = await trial.again();
      await next.apply(desired, 'monitor', call());
      expect(await containers('web')).toHaveLength(1);
      expect(await containers('store')).toHaveLength(1);
      expect((await next.actual())[0]?.components[0]).toMatchObject({ phase: 'running' });
      expect(await said()).toContain('web | web 2.0.0 correct horse');
    }
  });
});
