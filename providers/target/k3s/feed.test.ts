import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ManualClock, manualClock, type RecordingLogger, recordingLogger } from '../../../core/testing/index.js';
import { type PlayedCluster, playCluster } from '../../../test/target/played-cluster.js';
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
