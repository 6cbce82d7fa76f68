import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactRegistry } from '../../core/ports/index.js';
import { testContext } from '../../core/testing/index.js';
import registryHarbor from '../../providers/registry/harbor/index.js';
import { Robots } from '../../providers/shared/harbor/index.js';
import { selfSigned } from '../parts/certificate.js';
import { listen } from '../registry/serve.js';
import { collect, harborApi } from './harbor.js';
import { HarborStandIn } from './stand-in.js';

let harbor: HarborStandIn;
let made: ReturnType<typeof harborApi>;
const open: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  harbor = await HarborStandIn.start();
  made = harborApi({ url: harbor.url, ...harbor.rooms.admin });
  open.push(made.stop, () => harbor.stop());
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
  // The contract: all that was said here is as Harbor's published description has it.
  expect(harbor.violations).toEqual([]);
});

describe('lists', () => {
  it('are read page by page, a hundred at a time, to their end', async () => {
    for (let number = 0; number < 250; number++) harbor.rooms.addProject(`line-${number}`);
    const names = (await collect(made.api.projects())).map(({ name }) => name);
    expect(new Set(names).size).toBe(250);
    expect(harbor.requests.map(({ line }) => line)).toEqual(
      [1, 2, 3].map((page) => `GET /api/v2.0/projects?page=${page}&page_size=100`),
    );
  });

  it('go on by the count of all where a proxy took the links away', async () => {
    for (let number = 0; number < 150; number++) harbor.rooms.addProject(`line-${number}`);
    harbor.meddle = (_, response) => {
      const write = response.writeHead.bind(response);
      response.writeHead = ((status: number, { link: _link, ...rest }: Record<string, string>) =>
        write(status, rest)) as typeof response.writeHead;
      return false;
    };
    expect(await collect(made.api.projects())).toHaveLength(150);
  });

  it('of which nobody wants more are asked for no further page', async () => {
    for (let number = 0; number < 150; number++) harbor.rooms.addProject(`line-${number}`);
    for await (const _ of made.api.projects()) break;
    expect(harbor.requests).toHaveLength(1);
  });

  it('of repositories are those of a project, with its name', async () => {
    harbor.rooms.addProject('apps', ['pump', 'line-1/valve']);
    harbor.rooms.addProject('other', ['secret']);
    const names = (await collect(made.api.repositories('apps'))).map(({ name }) => name);
    expect(names).toEqual(['apps/pump', 'apps/line-1/valve']);
  });

  it('of artifacts have their tags and what their scans found, from any place on', async () => {
    harbor.rooms.addProject('apps', ['line-1/valve']);
    const digestOf = (number: number) => `sha256:${String(number).padStart(64, '0')}`;
    const artifacts = Array.from({ length: 250 }, (_, at) => ({
      digest: digestOf(at),
      tags: at === 0 ? [] : [`v${at}`],
    }));
    harbor.rooms.artifacts.set('apps/line-1/valve', artifacts);
    harbor.rooms.scans.set(digestOf(249), { report: { scan_status: 'Success', severity: 'High' } });
    const all = await collect(made.api.artifacts('apps/line-1/valve'));
    expect(all.map(({ digest, tags }) => ({ digest, tags: tags?.map(({ name }) => name) }))).toEqual(artifacts);
    expect(all[249]).toMatchObject({ scan_overview: { report: { severity: 'High' } } });
    harbor.requests.length = 0;
    const rest = await collect(made.api.artifacts('apps/line-1/valve', {}, 149));
    expect(rest).toEqual(all.slice(149));
    expect(harbor.requests).toHaveLength(2);
  });
});

describe('a registry', () => {
  async function provider() {
    const context = await testContext<ArtifactRegistry>(registryHarbor, {
      config: { url: harbor.url, ...harbor.rooms.admin },
    });
    open.push(() => context.dispose());
    await context.start();
    return context.instance;
  }

  it('tells which repositories there are in all projects, from any place on', async () => {
    harbor.rooms.addProject('apps', ['pump', 'line-1/valve']);
    harbor.rooms.addProject('empty');
    harbor.rooms.addProject('other', ['press']);
    const registry = await provider();
    const names = ['apps/pump', 'apps/line-1/valve', 'other/press'];
    for (let from = 0; from <= names.length; from++) {
      expect(await collect(registry.repositories?.(harbor.host, from) ?? [])).toEqual(names.slice(from));
    }
  });

  it('tells what is in a repository, with what its scanner found', async () => {
    const [digest, other] = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`];
    harbor.rooms.addProject('apps', ['pump']);
    harbor.rooms.artifacts.set('apps/pump', [
      { digest, tags: ['1.0.0', 'latest'] },
      { digest: other, tags: [] },
    ]);
    harbor.rooms.scans.set(digest, { report: { scan_status: 'Running' } });
    const registry = await provider();
    const place = { registry: harbor.host, repository: 'apps/pump' };
    expect(await collect(registry.artifacts?.(place, 0) ?? [])).toEqual([
      { digest, tags: ['1.0.0', 'latest'], size: 1, scan: { status: 'running' } },
      { digest: other, tags: [], size: 1 },
    ]);
  });
});

describe('what is asked', () => {
  it('names a project, also one whose name is a number', async () => {
    harbor.rooms.addProject('7');
    expect(await made.api.project('7')).toMatchObject({ name: '7' });
    expect(harbor.requests[0]?.headers).toMatchObject({ 'x-is-resource-name': 'true' });
  });

  it('encodes the slashes of a repository twice', async () => {
    harbor.rooms.addProject('apps');
    await expect(made.api.artifact('apps/line-1/pump', 'latest')).rejects.toMatchObject({ reason: 'not-found' });
    expect(harbor.requests[0]?.line).toBe(
      'GET /api/v2.0/projects/apps/repositories/line-1%252Fpump/artifacts/latest?with_scan_overview=true',
    );
  });

  it('brings its credentials along at once, and begins no session', async () => {
    harbor.rooms.addProject('apps');
    harbor.meddle = (_, response) => {
      response.setHeader('set-cookie', 'sid=1; Path=/');
      return false;
    };
    await made.api.project('apps');
    await made.api.project('apps');
    for (const { headers } of harbor.requests) {
      expect(headers.authorization).toMatch(/^Basic /);
      expect(headers.cookie).toBeUndefined();
    }
  });

  it('shows the space of a project, with its limit where it has one', async () => {
    const project = harbor.rooms.addProject('apps');
    project.used = 5;
    expect(await made.api.quota('apps')).toEqual({ used: 5 });
    project.hard = 10;
    expect(await made.api.quota('apps')).toEqual({ used: 5, limit: 10 });
  });
});

describe('a robot account', () => {
  const robots = () => new Robots(made.api, made.clock, { project: 'apps', days: 30 });
  beforeEach(() => {
    harbor.rooms.addProject('other');
    harbor.rooms.addProject('apps');
    // The account's days are counted by the machine's clock.
    void made.clock.delay(Date.now() - made.clock.now());
  });

  it('may pull from one project and nothing else, for so many days', async () => {
    const issued = await robots().issue('press-7');
    const [robot] = [...harbor.rooms.robots.values()];
    expect(robot).toMatchObject({ project: 'apps', actions: ['pull'], secret: issued.password });
    expect(issued.username).toBe('robot$apps+press-7');
    expect(issued.expiresAt).toBe((robot?.expiresAt ?? 0) * 1000);
    expect(Math.round(((issued.expiresAt ?? 0) - made.clock.now()) / 86_400_000)).toBe(30);
  });

  it('asked for again is the same with a new secret', async () => {
    const first = await robots().issue('press-7');
    const second = await robots().issue('press-7');
    expect(second).toMatchObject({ id: first.id, username: first.username });
    expect(harbor.rooms.robots.size).toBe(1);
    expect(harbor.rooms.robots.get(first.id)?.secret).toBe(second.password);
    expect(second.password).not.toBe(first.password);
  });

  it('is made anew when it has lived for half of its time, or was disabled', async () => {
    const first = await robots().issue('press-7');
    await made.clock.delay(16 * 86_400_000);
    const second = await robots().issue('press-7');
    expect(second.id).not.toBe(first.id);
    await made.clock.delay(-16 * 86_400_000);
    const robot = harbor.rooms.robots.get(second.id);
    if (robot) robot.disable = true;
    expect((await robots().issue('press-7')).id).not.toBe(second.id);
    expect(harbor.rooms.robots.size).toBe(1);
  });

  it('of one project is not taken for that of another, nor one name for the end of another', async () => {
    harbor.rooms.addRobot('other', 'press-7', ['pull'], 30);
    const first = await robots().issue('xpress-7');
    expect((await robots().issue('press-7')).id).not.toBe(first.id);
    expect(harbor.rooms.robots.size).toBe(3);
  });

  it('is ended, and again', async () => {
    const { id } = await robots().issue('press-7');
    await robots().revoke('press-7');
    expect(harbor.rooms.robots.size).toBe(0);
    await robots().revoke('press-7');
    await robots().remove(id);
  });
});

describe('faults', () => {
  const answer =
    (status: number, body: string, headers = {}) =>
    (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(status, headers).end(body);
      return true;
    };
  const oops = JSON.stringify({ errors: [{ code: 'OOPS', message: 'Lovelace1815 is wrong' }] });

  it.each<[string, HarborStandIn['meddle'], string, RegExp]>([
    ['401', answer(401, oops), 'denied', /does not accept the credentials of ada/],
    ['403', answer(403, oops), 'denied', /ada may not do this/],
    ['404', answer(404, oops), 'not-found', /project apps: not there/],
    ['412', answer(412, oops), 'refused', /a rule of the registry is against it/],
    ['500', answer(500, oops), 'unreachable', /cannot answer now/],
    ['a page of a proxy', answer(200, '<html>'), 'invalid', /is this a Harbor\?/],
    ['half an answer', answer(200, '{"name":', { 'content-length': '100' }), 'unreachable', /./],
    ['another document', answer(200, '{"secret":"Lovelace1815"}'), 'invalid', /is this a Harbor\?/],
    ['an answer without end', answer(200, `"${'x'.repeat(5_000_000)}`), 'corrupt', /longer than/],
    ['a cut', (request) => request.socket.destroy() !== undefined, 'unreachable', /the connection was cut/],
    ['silence', () => true, 'unreachable', /no answer within 0.5 s/],
  ])('%s is told', async (_, meddle, reason, why) => {
    harbor.meddle = meddle;
    const fault: unknown = await made.api.project('apps').catch((error: unknown) => error);
    expect(fault).toMatchObject({ name: 'RegistryFault', reason, message: expect.stringMatching(why) });
    expect(String(fault)).not.toContain('Lovelace1815');
  });

  it('429 is waited out for as long as it says', async () => {
    harbor.rooms.addProject('apps');
    let times = 0;
    harbor.meddle = (_, response) => {
      if (++times > 2) return false;
      response.writeHead(429, { 'retry-after': '7' }).end();
      return true;
    };
    await made.api.project('apps');
    expect(made.clock.delays).toEqual([7000, 7000]);
  });

  it('what changes something is never sent twice by itself', async () => {
    harbor.rooms.addProject('apps');
    harbor.meddle = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(503).end();
      return true;
    };
    const robots = new Robots(made.api, made.clock, { project: 'apps', days: 30 });
    await expect(robots.issue('press-7')).rejects.toMatchObject({ reason: 'unreachable' });
    expect(harbor.requests.filter(({ line }) => line.startsWith('POST'))).toHaveLength(1);
  });

  it('refused connections and wrong certificates are told', async () => {
    const serving = await listen((_, response) => response.end('{}'), await selfSigned(['127.0.0.1']));
    const secure = harborApi({ url: serving.url, ...harbor.rooms.admin });
    open.push(secure.stop);
    await expect(secure.api.project('apps')).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringMatching(/its TLS certificate or handshake is not acceptable/),
    });
    await serving.stop();
    await expect(secure.api.project('apps')).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringMatching(/nothing listens there/),
    });
  });
});
