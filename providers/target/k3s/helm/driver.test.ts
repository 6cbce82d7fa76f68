import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { manualClock, silentLogger } from '../../../../core/testing/index.js';
import { type PlayedApi, playApi } from '../../../../test/parts/played-api.js';
import { Access } from '../access.js';
import { Cluster } from '../cluster.js';
import type { DriverContext } from '../driver.js';
import type { KubernetesObject } from '../kubernetes.js';
import { HelmDriver } from './driver.js';
import { type Memo, writtenMemo } from './memo.js';

const memoOf = (component: string): Memo => ({
  ...{ format: 1, way: 'cli', release: component, namespace: 'line', after: 0, claimed: true },
  mark: { owner: 'tutti', application: { id: 'a', name: 'A' }, component },
  goal: { applied: 'f00', revision: '1', chart: { chart: 'oci://reg.example/x', version: '1.0.0' }, values: {} },
});

let directory: string;
let api: PlayedApi;
let cluster: Cluster;
let memos: KubernetesObject[];

beforeEach(async () => {
  memos = [];
  directory = mkdtempSync(join(tmpdir(), 'tutti-helm-'));
  api = await playApi(({ path, query }) => {
    if (path.startsWith('/apis/')) return { status: 404, body: {} };
    return { body: { metadata: {}, items: query.get('fieldSelector') === null ? [] : memos } };
  });
  const access = new Access({ config: { kubeconfig: api.kubeconfig }, resolvePath: (path) => path, env: {} });
  cluster = new Cluster(access, 30_000);
});
afterEach(async () => {
  cluster.access.close();
  await api.close();
  rmSync(directory, { recursive: true });
});

const releases = () =>
  new HelmDriver({
    ...{
      cluster,
      clock: manualClock(),
      log: silentLogger(),
      resolvePath: (path: string) => path,
      directory,
    },
    config: { owner: 'tutti', helm: { driver: 'controller', program: '/nowhere/helm' } },
  } as unknown as DriverContext).releases(new AbortController().signal);

it('tells of a component whose memo is damaged that it failed, and of the others as ever', async () => {
  memos = [writtenMemo(memoOf('web')), { ...writtenMemo(memoOf('db')), data: { memo: 'anVuaw==' } }];
  expect(await releases()).toMatchObject([
    { component: 'web', state: 'pending' },
    { component: 'db', state: 'failed', reason: expect.stringMatching(/^Secret line\/tutti-helm-.* cannot be read/) },
  ]);
});

it('takes no Secret for a memo that only looks like one', async () => {
  const { metadata, ...memo } = writtenMemo(memoOf('web'));
  memos = [{ ...memo, metadata: { ...metadata, name: 'made-by-a-chart' } }];
  expect(await releases()).toEqual([]);
});
