import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { componentDigest, type DesiredApplication } from '../../../core/plugin/index.js';
import { manualClock, silentLogger } from '../../../core/testing/index.js';
import { MemoryRegistry } from '../../../test/managers/registry.js';
import { dockerConfig } from './config.js';
import { composeComponent } from './declaration.js';
import { labels, projectName } from './project.js';
import { ProjectFolders } from './project-folders.js';
import { DockerTarget } from './target.js';

const component = {
  ...{ name: 'web', repository: 'oci://registry.test/apps/web', revision: '2.0.0' },
  ...{ wait: true, timeout: 1000, properties: {}, parameters: {} },
};
const application: DesiredApplication = {
  ...{ id: 'id-1', name: 'Line', applicationId: 'line', deploymentType: 'compose', components: [component] },
};
const now = componentDigest(component, composeComponent.changes);
const before = 'a'.repeat(64);
const project = projectName(application.id, component.name);

/** An engine with one running container, of the revision that is wanted. */
let engine: Server;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-adoption-'));
  const State = { Status: 'running', ExitCode: 0, Error: '', StartedAt: '', FinishedAt: '' };
  const Config = { Labels: { [labels.applied]: now } };
  const container = { Id: 'c1', Name: '/web-1', State, Config, HostConfig: {}, RestartCount: 0 };
  engine = createServer(({ url = '' }, response) => {
    const answer = url.includes('/containers/json') ? [{ Id: 'c1' }] : container;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(engine, 'listening');
});
afterEach(async () => {
  engine.closeAllConnections();
  engine.close();
  await rm(directory, { recursive: true, force: true });
});

it('takes what runs for the last good revision when the agent that started it was killed before it said so', async () => {
  const folders = new ProjectFolders(directory, silentLogger());
  const revisions = folders.revisions(project);
  await folders.begin(project, { id: application.id, name: application.name }, component.name);
  for (const applied of [before, now]) {
    const files = join(folders.of(project), 'files', applied);
    await mkdir(files, { recursive: true });
    await revisions.writeParameters(applied, '');
    await revisions.write({ applied, revision: '', directory: files, images: {} }, {});
  }
  await folders.applied(project, before);
  const { port } = engine.address() as AddressInfo;
  const target = new DockerTarget({
    ...{ config: dockerConfig.parse({ host: `tcp://127.0.0.1:${port}` }), registry: new MemoryRegistry() },
    ...{ clock: manualClock(), log: silentLogger(), directory, resolvePath: (path) => path },
  });
  await target.apply(application, component.name, { signal: new AbortController().signal, progress: () => undefined });
  expect(await folders.lastGood(project)).toBe(now);
  expect(await revisions.read(now)).toBeDefined();
  expect(await revisions.read(before)).toBeUndefined();
});
