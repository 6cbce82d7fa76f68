import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { commandLine } from '../../test/cli/command-line.js';
import { type PlayedApi, playApi } from '../../test/parts/played-api.js';

const run = commandLine();
let api: PlayedApi;
let directory: string;
let file: string;

const profile = (config: object): void => {
  const providers = { packages: { type: 'registry.oci' }, cluster: { type: 'target.k3s', config } };
  writeFileSync(file, JSON.stringify({ profile: 'agent', data: join(directory, 'data'), providers }));
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tutti-explain-'));
  file = join(directory, 'agent.yaml');
  api = await playApi(({ path }) => {
    if (path === '/apis/helm.cattle.io/v1') {
      const verbs = ['list', 'create', 'delete'];
      return { body: { resources: [{ name: 'helmcharts', kind: 'HelmChart', namespaced: true, verbs }] } };
    }
    const node = { status: { nodeInfo: { kubeletVersion: 'v1.30.0+k3s1' } } };
    return { body: { metadata: {}, items: path === '/api/v1/nodes' ? [node] : [] } };
  });
});
afterEach(async () => {
  await api.close();
  rmSync(directory, { recursive: true });
});

it('asks the cluster of a profile which Helm it has, and changes nothing there', async () => {
  profile({ kubeconfig: api.kubeconfig });
  const { code, out } = await run(['explain', 'target.k3s', '-f', file]);
  expect(code).toBe(0);
  expect(out).toContain(
    `\nHere, for cluster of ${file}:\n  Helm by controller: the cluster has a Helm controller (k3s)\n`,
  );
  expect(new Set(api.asked.map(({ method }) => method))).toEqual(new Set(['GET']));
});

it('says so when the cluster cannot be asked, or the profile is not valid, and explains the type all the same', async () => {
  profile({ kubeconfig: join(directory, 'nowhere') });
  const away = await run(['explain', 'target.k3s', '-f', file]);
  expect(away).toMatchObject({ code: 0, out: expect.stringContaining('Type:') });
  expect(away.out).toMatch(/Here, for cluster of .*:\n {2}cannot be told now: .*nowhere/);

  profile({ kubeconfig: join(directory, 'nowhere'), helm: { driver: 'cli', program: '/nowhere/helm' } });
  const decided = await run(['explain', 'target.k3s', '-f', file]);
  expect(decided.out).toContain('  no Helm: the program /nowhere/helm is not there');

  profile({ kubeconfig: 7 });
  const faulty = await run(['explain', 'target.k3s', '-f', file]);
  expect(faulty).toMatchObject({ code: 0, out: expect.stringContaining('Type:') });
  expect(faulty.out).not.toContain('Here, for');
  expect(faulty.err).toContain(`tutti validate ${file}`);
});
