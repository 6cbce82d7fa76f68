import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ApplyCall } from '../../../../core/plugin/index.js';
import { type ManualClock, manualClock, silentLogger } from '../../../../core/testing/index.js';
import { type PlayedApi, playApi } from '../../../../test/parts/played-api.js';
import type { Login } from '../../../shared/logins/index.js';
import { Access } from '../access.js';
import { Cluster } from '../cluster.js';
import type { ApplyRequest, DriverContext } from '../driver.js';
import { CliWay } from './cli-way.js';
import { HelmProgram } from './helm-program.js';
import { type Memo, releaseLabels } from './memo.js';
import { encodePayload } from './release-record.js';

const mark = { owner: 'tutti', application: { id: 'a', name: 'A' }, component: 'web' };
const memo: Memo = {
  ...{ format: 1, way: 'cli', release: 'web', namespace: 'line', mark, after: 0, claimed: true },
  goal: { applied: 'f00', revision: '1', chart: { chart: 'oci://reg.example/web', version: '1.0.0' }, values: {} },
};
const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' } };

let directory: string;
let api: PlayedApi;
let cluster: Cluster;
let clock: ManualClock;
let logins: readonly Login[];
/** Of the release's revisions that the cluster holds before helm is called; helm's upgrade adds one that failed. */
let before: 'none' | 'deployed';
/** What becomes of helm's upgrade. */
let upgradeEnds: string;

const calls = (): string[] => {
  const text = readFileSync(join(directory, 'calls'), 'utf8');
  return text.trim().split('\n');
};
const upgraded = (): boolean => {
  try {
    return calls().some((call) => call.startsWith('upgrade'));
  } catch {
    return false;
  }
};

const revision = (version: number, status: string) => {
  const release = { name: 'web', namespace: 'line', version, info: { status }, manifest: JSON.stringify(claim) };
  return {
    ...{ apiVersion: 'v1', kind: 'Secret', data: { release: encodePayload(release) } },
    metadata: { name: `sh.helm.release.v1.web.v${version}`, namespace: 'line', labels: releaseLabels(mark, 'f00') },
  };
};

beforeEach(async () => {
  before = 'none';
  clock = manualClock();
  logins = [];
  upgradeEnds = "echo 'Error: timed out' >&2; exit 1";
  directory = mkdtempSync(join(tmpdir(), 'tutti-helm-'));
  api = await playApi(({ method, path }) => {
    const deployed = before === 'deployed' ? [revision(1, 'deployed')] : [];
    const items = upgraded() ? [revision(2, 'failed'), ...deployed] : deployed;
    if (method === 'GET' && path === '/api/v1') {
      const verbs = ['list', 'create', 'delete'];
      return { body: { resources: [{ name: 'secrets', kind: 'Secret', namespaced: true, verbs }] } };
    }
    if (path.endsWith('/secrets')) return { body: { metadata: {}, items } };
    return { body: revision(2, 'failed') };
  });
  const access = new Access({ config: { kubeconfig: api.kubeconfig }, resolvePath: (path) => path, env: {} });
  cluster = new Cluster(access, 30_000);
});
afterEach(async () => {
  cluster.access.close();
  await api.close();
  rmSync(directory, { recursive: true });
});

async function bring(reason = /timed out/): Promise<void> {
  const script = `#!/bin/sh\necho "$@" >> ${directory}/calls\n[ "$1" = upgrade ] || exit 0\n${upgradeEnds}\n`;
  writeFileSync(join(directory, 'helm'), script, { mode: 0o755 });
  const on = {
    ...{ cluster, log: silentLogger(), resolvePath: (path: string) => path, logins: async () => logins },
    clock,
    config: { helm: { history: 5, insecure: 'no' } },
  } as unknown as DriverContext;
  const program = new HelmProgram({
    path: join(directory, 'helm'),
    directory: join(directory, 's'),
    env: process.env,
    clock,
  });
  const way = new CliWay(on, program, () => Promise.resolve({ major: 3, minor: 16 }));
  const call: ApplyCall = { signal: new AbortController().signal, progress: () => undefined };
  // It is watched while helm waits, by a clock that stands still.
  const component = { name: 'web', revision: '1', wait: true, timeout: 60_000 };
  const request = { component } as unknown as ApplyRequest;
  await expect(way.bring(memo, request, call)).rejects.toThrow(reason);
}

it('takes away a first install that failed by itself, its volume claims kept, for helm would delete those that it took over', async () => {
  await bring();
  const [upgrade, uninstall] = calls();
  expect(upgrade).toContain('--wait');
  expect(upgrade).not.toContain('--atomic');
  expect(uninstall).toMatch(/^uninstall web /);
  const kept = api.asked.find(({ method }) => method === 'PATCH');
  expect(kept?.path).toBe('/api/v1/namespaces/line/secrets/sh.helm.release.v1.web.v2');
});

it('leaves a first install that was killed as it is, for helm has not said that it failed', async () => {
  upgradeEnds = 'kill -9 $$';
  await bring(/it was ended by SIGKILL/);
  expect(calls()).toHaveLength(1);
  expect(api.asked.filter(({ method }) => method !== 'GET')).toEqual([]);
});

it('leaves it to helm to go back to what was deployed before', async () => {
  before = 'deployed';
  await bring();
  expect(calls()).toHaveLength(1);
  expect(calls()[0]).toContain('--atomic');
});

it.for<['none' | 'deployed', number]>([
  ['none', 120_000],
  ['deployed', 180_000],
])('kills an upgrade that hangs, with %s before, after its time and what it takes to go back', async ([was, time]) => {
  before = was;
  upgradeEnds = 'sleep 1000';
  const late = bring(/^helm upgrade of release web had not ended after \d+ s, and was killed/);
  await expect.poll(upgraded).toBe(true);
  let ended = false;
  void late.then(() => {
    ended = true;
  });
  await clock.advance(time - 1);
  expect(ended).toBe(false);
  await clock.advance(1);
  await late;
  // What it left is healed by the next attempt.
  expect(calls()).toHaveLength(1);
});

it.for<[string, RegExp, string[]]>([
  ['response status code 401: unauthorized', /401/, ['reg.example']],
  ['chart web not found', /not found/, []],
])(
  'tells of the login that it used, and of no other, when the registry did not take it: %s',
  async ([said, reason, told]) => {
    const refused: string[] = [];
    logins = ['reg.example', 'other.example'].map((host) => ({
      ...{ host, username: 'u', password: 'p' },
      refused: async () => {
        refused.push(host);
      },
    }));
    upgradeEnds = `echo 'Error: ${said}' >&2; exit 1`;
    await bring(reason);
    expect(refused).toEqual(told);
  },
);
