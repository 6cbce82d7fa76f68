import { afterEach, beforeEach, expect, it } from 'vitest';
import { TargetFault } from '../../../core/plugin/index.js';
import { type ManualClock, manualClock, type RecordingLogger, recordingLogger } from '../../../core/testing/index.js';
import { type PlayedCluster, playCluster, refused } from '../../../test/target/played-cluster.js';
import { Access } from './access.js';
import { Cluster } from './cluster.js';
import type { Release } from './driver.js';
import { Feed } from './feed.js';

let api: PlayedCluster;
let cluster: Cluster;
let clock: ManualClock;
let log: RecordingLogger;
let feed: Feed | undefined;

beforeEach(async () => {
  api = await playCluster();
  cluster = new Cluster(
    new Access({ config: { kubeconfig: api.kubeconfig }, resolvePath: (path) => path, env: {} }),
    30_000,
  );
  [clock, log] = [manualClock(), recordingLogger()];
});
afterEach(async () => {
  await feed?.stop();
  cluster.access.close();
  await api.close();
});

const release = (id: string): Release => ({
  ...{ application: { id, name: id }, component: 'web', namespace: 'line', state: 'deployed' },
  owns: () => false,
});

/** Moves the clock on until something is there. */
async function soon<T>(wanted: Promise<T>): Promise<T> {
  let over = false;
  const moving = (async () => {
    while (!over) await clock.advance(60_000);
  })();
  try {
    return await wanted;
  } finally {
    over = true;
    await moving;
  }
}

it('goes on telling after the releases could not be read for a reason that nobody thought of', async () => {
  let looks = 0;
  const releases = async (): Promise<Release[]> => {
    looks += 1;
    if (looks === 1) throw new ReferenceError('nobody thought of it');
    return [release('a')];
  };
  feed = new Feed({ cluster, clock, log, watched: [], releases });
  const listener = feed.listen();
  feed.start();
  expect(await soon(listener.next(new AbortController().signal))).toEqual(['a']);
  expect(log.lines.map(({ message }) => message)).toContain('the releases cannot be told');
});

it('hears of CronJobs, in the version that the cluster serves', async () => {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly', uid: 'u', resourceVersion: '9' },
  };
  // At each watch anew: one that comes with the listings tells no more than these.
  api.answer = ({ path, query }) => {
    if (path !== '/apis/batch/v1/cronjobs' || query.get('watch') === null) return undefined;
    return { body: { type: 'ADDED', object: job } };
  };
  const mine = { ...release('a'), owns: ({ metadata }) => metadata.uid === 'u' } satisfies Release;
  feed = new Feed({ cluster, clock, log, watched: [], releases: () => Promise.resolve([mine, release('b')]) });
  const listener = feed.listen();
  feed.start();
  const { signal } = new AbortController();
  const heard: string[][] = [];
  // First all of what was there, maybe several times, and then the one whose CronJob has changed.
  while (heard.at(-1)?.length !== 1) heard.push([...(await soon(listener.next(signal)))]);
  expect(heard.at(-1)).toEqual(['a']);
});

it('tells once of watches that are refused, whatever becomes of the others', async () => {
  let lists = 0;
  api.answer = ({ path, query }) => {
    if (path === '/api/v1/pods' || path === '/apis/batch/v1/jobs') return refused(403, 'Forbidden', 'not yours');
    if (query.get('watch') === null && path.startsWith('/apis/apps/')) lists += 1;
    // The watch is forgotten each time, so that the others list again and again.
    return query.get('watch') === null ? undefined : refused(410, 'Expired');
  };
  feed = new Feed({ cluster, clock, log, watched: [], releases: () => Promise.resolve([]) });
  feed.start();
  await soon(expect.poll(() => lists).toBeGreaterThan(20));
  const told = log.lines.filter(({ level }) => level !== 'debug').map(({ message }) => message);
  expect(told).toEqual(['the Kubernetes API forbids it: not yours']);
  const forgotten = 'the Kubernetes API has forgotten where the watch of Deployment was (410): it lists anew';
  expect(log.lines.map(({ message }) => message)).toContain(forgotten);
});

it('tells who asks for it of all that is there, as soon as that can be read', async () => {
  let looks = 0;
  const releases = async (): Promise<Release[]> => {
    looks += 1;
    if (looks % 2 === 1) throw new TargetFault('platform', 'the API is away', true);
    return [release('a')];
  };
  feed = new Feed({ cluster, clock, log, watched: [], releases });
  feed.start();
  const { signal } = new AbortController();
  const first = feed.listen();
  expect(await soon(first.next(signal))).toEqual(['a']);
  const later = feed.listen();
  feed.tellAll();
  expect(await soon(later.next(signal))).toEqual(['a']);
});
