import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { builtins } from '../../cli/builtins.js';
import type { ArtifactRegistry, Definition } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/index.js';
import { artifactTypes } from '../../managers/margo/index.js';
import { application } from '../managers/application.js';
import { describeWith, type RegistryPart } from '../parts/index.js';
import { TokenIssuer } from '../parts/token-issuer.js';
import { TestClock } from '../registry/client.js';
import { type Client, harborClient } from './harbor.js';
import { HarborStandIn } from './stand-in.js';

const secret = 'the Auth Header of this test';

const high = {
  'application/vnd.security.vulnerability.report; version=1.1': {
    report_id: '5f62c830-f996-11e9-957f-0242c0a89008',
    scan_status: 'Success',
    severity: 'High',
    duration: 8,
    summary: { total: 5, fixable: 3, summary: { High: 2, Low: 3 } },
    start_time: '2026-01-01T00:00:00.000Z',
    end_time: '2026-01-01T00:00:08.000Z',
    complete_percent: 100,
    scanner: { name: 'Trivy', vendor: 'Aqua Security', version: 'v0.50.0' },
  },
};

// The registry and the tokens that it verifies are real; what Harbor adds to them is a stand-in.
describeWith(
  ['registry'],
  'a real docker-registry, tokens that it verifies, and a stand-in for Harbor before it',
  (start) => {
    const folder = mkdtempSync(join(tmpdir(), 'tutti-harbor-'));
    let harbor: HarborStandIn;
    let docker: RegistryPart;
    let clients: Client[] = [];
    let clock: TestClock;

    async function client(
      credentials: { username: string; password: string } = harbor.rooms.admin,
    ): Promise<ArtifactRegistry> {
      const made = await harborClient({ url: harbor.url, ...credentials }, clock);
      clients.push(made);
      return made.registry;
    }
    const at = (repository: string, tag = '1.0.0') => ({ registry: harbor.host, repository, tag });

    beforeAll(async () => {
      const issuer = await TokenIssuer.make(folder);
      harbor = await HarborStandIn.start(issuer);
      docker = await start.registry({ tokens: issuer.trust(harbor.realm) });
      harbor.registry = docker.host;
      clock = new TestClock();
      harbor.rooms.addProject('apps');
      harbor.rooms.addProject('other');
    });
    afterEach(async () => {
      await Promise.all(clients.map((one) => one.stop()));
      clients = [];
      harbor.tokenSeconds = { real: 300, told: 300 };
      expect(harbor.violations).toEqual([]);
    });
    afterAll(async () => {
      await harbor?.stop();
      await docker?.stop();
      rmSync(folder, { recursive: true });
    });

    it('pushes and pulls with tokens for just what it does', async () => {
      const registry = await client();
      harbor.tokens.length = 0;
      const pushed = await registry.push(at('apps/line-1/pump'), application('1.0.0'));
      const { descriptor, manifest } = await registry.resolve(at('apps/line-1/pump'));
      expect(descriptor.digest).toBe(pushed.digest);
      const [layer] = manifest.layers;
      if (!layer) throw new Error('the artifact has a layer');
      const [sent] = application('1.0.0').layers;
      expect(await registry.fetch(at('apps/line-1/pump'), layer, 10_000)).toEqual(Buffer.from(sent?.bytes ?? []));
      // The registry itself says which scope it wants for each request.
      const scopes = ['repository:apps/line-1/pump:pull', 'repository:apps/line-1/pump:pull,push'];
      // In whatever order it lists what may be done.
      const asked = harbor.tokens.map(({ scope }) => scope?.replace('push,pull', 'pull,push'));
      expect([...new Set(asked)].sort()).toEqual(scopes);
      expect(harbor.tokens.every(({ username }) => username === 'ada')).toBe(true);
    });

    it('lets a robot account pull from its project, and do nothing else', async () => {
      await (await client()).push(at('apps/pump'), application('1.0.0'));
      await (await client()).push(at('other/pump'), application('1.0.0'));
      const { name, secret: password } = harbor.rooms.addRobot('apps', 'press-7', ['pull'], 30);
      const robot = await client({ username: name, password });
      expect((await robot.resolve(at('apps/pump'))).manifest.artifactType).toBe(artifactTypes.application);
      await expect(robot.push(at('apps/pump', '2.0.0'), application('2.0.0'))).rejects.toMatchObject({
        reason: 'denied',
      });
      await expect(robot.resolve(at('other/pump'))).rejects.toMatchObject({ reason: 'denied' });
    });

    it('is denied with the account that was ended, or has expired', async () => {
      await (await client()).push(at('apps/pump'), application('1.0.0'));
      const robot = harbor.rooms.addRobot('apps', 'press-8', ['pull'], 0);
      const denied = {
        reason: 'denied',
        message: expect.stringContaining(`does not accept the credentials of ${robot.name}`),
      };
      await expect(
        (await client({ username: robot.name, password: robot.secret })).resolve(at('apps/pump')),
      ).rejects.toMatchObject(denied);
      expect(harbor.rooms.robots.delete(robot.id)).toBe(true);
      await expect(
        (await client({ username: robot.name, password: robot.secret })).resolve(at('apps/pump')),
      ).rejects.toMatchObject(denied);
    });

    it('gets a new token for one that has expired before its time, which the registry sees', async () => {
      const registry = await client();
      await registry.push(at('apps/pump'), application('1.0.0'));
      harbor.tokens.length = 0;
      // Beyond the minute that docker-registry allows for clocks that differ.
      harbor.tokenSeconds = { real: -300, told: 300 };
      const tags = () => registry.tags(at('apps/pump'));
      await expect(tags()).rejects.toMatchObject({ reason: 'denied' });
      harbor.tokenSeconds = { real: 300, told: 300 };
      expect(await tags()).toContain('1.0.0');
      expect(harbor.tokens).toHaveLength(2);
    });

    it('is told that a project is full, in words that do not blame the credentials', async () => {
      const project = harbor.rooms.projects.get('other');
      if (!project) throw new Error('the project is there');
      Object.assign(project, { hard: 10, used: 10 });
      await expect((await client()).push(at('other/full'), application('3.0.0'))).rejects.toMatchObject({
        reason: 'refused',
        message: expect.stringMatching(/no room left .*quota/),
      });
    });

    it('is told that a rule of the project is against it', async () => {
      const registry = await client();
      const { digest } = await registry.push(at('apps/blocked'), application('4.0.0'));
      harbor.rooms.projects.get('apps')?.blocked.add(digest);
      await expect(
        registry.resolve({ registry: harbor.host, repository: 'apps/blocked', digest }),
      ).rejects.toMatchObject({
        reason: 'refused',
        message: expect.stringMatching(/a rule of the registry is against it .*PROJECTPOLICYVIOLATION/),
      });
    });

    it('shows what the scanner found, and nothing where it has not looked', async () => {
      const registry = await client();
      const { digest } = await registry.push(at('apps/line-1/pump'), application('1.0.0'));
      expect(await registry.scan?.(at('apps/line-1/pump'))).toBeUndefined();
      harbor.rooms.scans.set(digest, high);
      expect(await registry.scan?.(at('apps/line-1/pump'))).toEqual({
        status: 'succeeded',
        severity: 'High',
        vulnerabilities: { total: 5, fixable: 3, bySeverity: { High: 2, Low: 3 } },
        scanner: 'Trivy v0.50.0',
        finishedAt: Date.parse('2026-01-01T00:00:08.000Z'),
      });
      harbor.rooms.scans.clear();
    });

    it('brings what is pushed into the catalog by its webhooks', async () => {
      writeFileSync(join(folder, 'webhook'), `${secret}\n`);
      const { username, password } = harbor.rooms.admin;
      const host = await startTestHost({
        definitions: await definitions(),
        profile: `
profile: wfm
providers:
  store:     { type: state.memory }
  events:    { type: events.memory }
  packages:  { type: registry.harbor, config: { url: "${harbor.url}", username: ${username}, password: ${password} } }
managers:
  access:    { type: manager.access }
  catalog:   { type: manager.catalog }
  intake:    { type: manager.intake, config: { repositories: [apps/], labels: { from: harbor } } }
  devices:   { type: manager.device, config: { onboarding: open } }
  placement: { type: manager.placement }
  manifests: { type: manager.manifest }
  solutions: { type: manager.solution }
  instances: { type: manager.instance }
vendors:
  device:    { type: vendor.device-signed, path: /api/v1 }
  operator:  { type: vendor.operator, path: /nbi/v1 }
  webhook:   { type: vendor.harbor-webhook, config: { registry: "${harbor.host}", secretFile: "${join(folder, 'webhook')}" } }
bindings:
  http:      { type: binding.http, config: { tls: off, port: 0 } }
`,
      });
      try {
        const { digest } = await (await client()).push(at('apps/hooked'), application('5.0.0'));
        const event = {
          type: 'PUSH_ARTIFACT',
          occur_at: 1_586_922_308,
          operator: 'admin',
          event_data: {
            resources: [{ digest, tag: '1.0.0', resource_url: 'evil.test/apps/hooked:1.0.0' }],
            repository: { name: 'hooked', namespace: 'apps', repo_full_name: 'apps/hooked', repo_type: 'private' },
          },
        };
        for (const wrong of [undefined, '', `Bearer ${secret}`, `${secret}x`]) {
          expect(await told(host, event, wrong)).toBe(401);
        }
        expect(await told(host, { hello: 'harbor' }, secret)).toBe(422);
        expect(await told(host, { padding: 'x'.repeat(300_000) }, secret)).toBe(413);
        expect(await listed(host)).toEqual([]);

        for (let time = 0; time < 2; time++) expect(await told(host, event, secret)).toBe(204);
        const onboarded = {
          metadata: { name: 'hooked', labels: { from: 'harbor' } },
          digest,
          status: { state: 'ONBOARDED' },
        };
        await vi.waitFor(async () => expect(await listed(host)).toMatchObject([onboarded]));

        harbor.rooms.scans.set(digest, high);
        const scanned = {
          specversion: '1.0',
          type: 'harbor.scan.completed',
          data: { ...event.event_data, resources: [{ digest }] },
        };
        expect(await told(host, scanned, secret)).toBe(204);
        await vi.waitFor(async () =>
          expect(await listed(host)).toMatchObject([
            { ...onboarded, upstream: { there: true, scan: { severity: 'High' } } },
          ]),
        );
        expect(host.log()).not.toContain(secret);
        expect(host.log()).not.toContain(password);
      } finally {
        await host.stop();
      }
    });
  },
);

async function definitions(): Promise<Definition[]> {
  const wanted = [
    ...['state.memory', 'events.memory', 'registry.harbor', 'manager.access', 'manager.catalog', 'manager.intake'],
    ...['manager.device', 'manager.placement', 'manager.manifest', 'manager.solution', 'manager.instance'],
    ...['vendor.device-signed', 'vendor.operator', 'vendor.harbor-webhook', 'binding.http'],
  ];
  const found = wanted.map((type) => builtins.definitions[type]?.());
  return (await Promise.all(found)).filter((one) => one !== undefined);
}

async function told(host: TestHost, event: object, authorization: string | undefined): Promise<number> {
  const headers = { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) };
  const answer = await fetch(`${host.url}/harbor/events`, { method: 'POST', headers, body: JSON.stringify(event) });
  await answer.arrayBuffer();
  return answer.status;
}

async function listed(host: TestHost): Promise<readonly unknown[]> {
  const token = readFileSync(join(host.dataDir, 'admin.token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${host.url}/nbi/v1/packages`, { headers });
  return ((await answer.json()) as { items: unknown[] }).items;
}
