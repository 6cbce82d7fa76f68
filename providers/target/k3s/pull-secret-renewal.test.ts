import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type PullCredentials, TargetFault, type TargetProvider } from '../../../core/plugin/index.js';
import { manualClock, recordingLogger, testContext } from '../../../core/testing/index.js';
import { playApi } from '../../../test/parts/played-api.js';
import targetK3s from './index.js';
import type { KubernetesObject, ObjectKey } from './kubernetes.js';
import { releaseKey } from './marks.js';
import { pullSecret } from './pull-secret.js';
import { PullSecretRenewal } from './pull-secret-renewal.js';

const patience = { timeout: 60_000 };
const mark = (component: string) => ({ owner: 'tutti', application: { id: 'a', name: 'A' }, component });
const of = (component: string, password: string): KubernetesObject => {
  const place = { mark: mark(component), name: `tutti-pull-${component}`, namespace: 'line-a' };
  return pullSecret(place, [{ host: 'one.test', username: 'press-7', password }]);
};
const passwordIn = (secret: KubernetesObject | undefined): string => {
  const { '.dockerconfigjson': text = '' } = (secret?.['data'] ?? {}) as Readonly<Record<string, string>>;
  return JSON.parse(Buffer.from(text, 'base64').toString()).auths['one.test'].password;
};

/** Who hands out passwords: `first` until another one is handed over. */
class Handing implements PullCredentials {
  password = 'first';
  readonly #told = new PassThrough({ objectMode: true });
  async current() {
    return [{ registry: 'one.test', username: 'press-7', password: this.password }];
  }
  changes(signal: AbortSignal): AsyncIterable<readonly string[]> {
    signal.addEventListener('abort', () => this.#told.end(), { once: true });
    return this.#told;
  }
  async refused(): Promise<void> {
    throw new Error('no cluster says so');
  }
  handOver(password: string): void {
    this.password = password;
    this.#told.write(['one.test']);
  }
  breakOff(): void {
    this.#told.destroy(new Error('the other side is gone'));
  }
}

let secrets: Map<string, KubernetesObject>;
let isAway: boolean;
let applied: string[];
let handing: Handing;
let alone: ConstructorParameters<typeof PullSecretRenewal>[0]['alone'];
const clock = manualClock();
const log = recordingLogger();
let renewal: PullSecretRenewal | undefined;

function answering(): void {
  if (isAway) throw new TargetFault('platform', 'the Kubernetes API does not answer', true);
}
const cluster = {
  async list() {
    answering();
    return { items: [...secrets.values()], resourceVersion: '1' };
  },
  async get({ name }: ObjectKey) {
    answering();
    return secrets.get(name);
  },
  async apply(object: KubernetesObject) {
    answering();
    applied.push(object.metadata.name);
    secrets.set(object.metadata.name, object);
    return object;
  },
};

beforeEach(() => {
  secrets = new Map(['web', 'worker'].map((each) => [`tutti-pull-${each}`, of(each, 'long ago')]));
  isAway = false;
  applied = [];
  handing = new Handing();
  alone = (_, work) => work();
});
afterEach(() => renewal?.stop());

function start(): void {
  renewal = new PullSecretRenewal({
    ...{ cluster, owner: 'tutti', clock, log, handed: handing },
    alone: (...args) => alone(...args),
    logins: async () => [{ host: 'one.test', username: 'press-7', password: handing.password }],
  });
  renewal.start();
}
const all = () => [...secrets.values()].map(passwordIn);
const become = (password: string) => vi.waitFor(() => expect(all()).toEqual([password, password]), patience);

it('brings every pull secret up to date at the start, and whenever others are handed over', async () => {
  start();
  await become('first');
  handing.handOver('second');
  await become('second');
  expect(applied.toSorted()).toEqual(['web', 'web', 'worker', 'worker'].map((each) => `tutti-pull-${each}`));
  expect(JSON.stringify(log.lines)).not.toMatch(/long ago|first|second/);
});

it('tries again until the cluster is back', async () => {
  isAway = true;
  start();
  await vi.waitFor(() => expect(log.lines.at(-1)?.message).toContain('tried again'), patience);
  isAway = false;
  await vi.waitFor(async () => {
    await clock.advance(300_000);
    expect(all()).toEqual(['first', 'first']);
  }, patience);
});

it('hears of what comes after whoever tells has broken off', async () => {
  start();
  await become('first');
  handing.breakOff();
  handing.password = 'second';
  await vi.waitFor(async () => {
    await clock.advance(300_000);
    expect(all()).toEqual(['second', 'second']);
  }, patience);
});

it('waits for whoever works on the component, and leaves away what went meanwhile', async () => {
  const asked: string[] = [];
  let go: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  alone = async (release, work) => {
    asked.push(release);
    if (release === releaseKey('tutti', 'a', 'web')) await gone;
    await work();
  };
  start();
  await vi.waitFor(() => expect(applied).toEqual(['tutti-pull-worker']), patience);
  secrets.delete('tutti-pull-web');
  handing.password = 'second';
  go();
  await renewal?.stop();
  expect(applied).toEqual(['tutti-pull-worker']);
  expect(asked).toHaveLength(2);
});

it('is what a target does that is handed credentials', async () => {
  const kept = of('web', 'long ago');
  const path = '/api/v1/namespaces/line-a/secrets/tutti-pull-web';
  const api = await playApi((request) => {
    if (request.path === '/api/v1') {
      const verbs = ['list', 'create', 'delete'];
      return { body: { resources: [{ name: 'secrets', kind: 'Secret', namespaced: true, verbs }] } };
    }
    if (request.path === path) return { body: kept };
    const ours = request.path === '/api/v1/secrets' && request.query.get('labelSelector')?.includes('tutti.dev/pulls');
    return { body: { metadata: { resourceVersion: '1' }, items: ours === true ? [kept] : [] } };
  });
  const dataDir = await mkdtemp(join(tmpdir(), 'tutti-renewal-'));
  const context = await testContext<TargetProvider>(targetK3s, {
    ...{ config: { kubeconfig: api.kubeconfig }, dataDir, clock },
    uses: { registry: {}, handed: handing },
  });
  await context.start();
  await vi.waitFor(() => {
    const patch = api.asked.find((request) => request.method === 'PATCH' && request.path === path);
    expect(passwordIn(JSON.parse(patch?.body ?? '{}'))).toBe('first');
  }, patience);
  await context.dispose();
  await api.close();
  await rm(dataDir, { recursive: true });
});
