import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Change, LockFault, put, type RegistryCall, RegistryFault, StateFault } from '../../core/ports/index.js';
import { type ManualClock, manualClock, recordingLogger } from '../../core/testing/index.js';
import { MemoryLocks } from '../../providers/lock/memory/index.js';
import { MemoryQueues } from '../../providers/queue/memory/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { MemoryRegistry } from '../../test/managers/registry.js';
import { startWfm, type Wfm } from '../../test/managers/wfm.js';
import { artifactTypes, mediaTypes } from '../margo/index.js';
import type { ImportRequest, PackageRecord } from './index.js';
import { claims, deletions, packages, resources } from './record.js';

let wfm: Wfm;
let clock: ManualClock;
let state: MemoryState;
let registry: MemoryRegistry;
let log = recordingLogger();
const never = new AbortController().signal;
const start = (dataDir?: string) => startWfm({ state, clock, registry, log, ...(dataDir && { dataDir }) });
beforeEach(async () => {
  clock = manualClock();
  state = new MemoryState();
  registry = new MemoryRegistry();
  log = recordingLogger();
  wfm = await start();
});
afterEach(() => wfm.stop());

const margoYaml = (version: string, id = 'com-acme-pump') => `
apiVersion: margo.org/v1-alpha1
kind: ApplicationDescription
id: ${id}
metadata:
  name: Pump
  version: ${version}
  catalog:
    application: { icon: ./resources/icon.png, tags: [pump] }
    organization: [{ name: Acme, site: https://acme.test }]
deploymentProfiles:
  - id: compose
    type: compose
    components:
      - name: main
        properties: { repository: oci://registry.test/apps/main, revision: ${version} }
`;

interface Pushed {
  readonly yaml?: string;
  readonly icon?: Uint8Array;
  readonly repository?: string;
}

async function push(version: string, { yaml = margoYaml(version), icon, repository = 'apps/pump' }: Pushed = {}) {
  const bytes = new TextEncoder().encode(yaml);
  const title = 'org.opencontainers.image.title';
  return registry.push(
    { registry: 'registry.test', repository, tag: version },
    {
      artifactType: artifactTypes.application,
      layers: [
        { mediaType: mediaTypes.description, bytes, annotations: { [title]: 'margo.yaml' } },
        ...(icon ? [{ mediaType: 'image/png', bytes: icon, annotations: { [title]: 'resources/icon.png' } }] : []),
      ],
    },
  );
}

const request = (reference: { tag?: string; digest?: string }, more: Partial<ImportRequest> = {}): ImportRequest => ({
  name: 'pump',
  source: { registry: 'registry.test', repository: 'apps/pump', ...reference },
  ...more,
});
async function imported(reference: { tag?: string; digest?: string }, more?: Partial<ImportRequest>) {
  const { id } = await wfm.catalog.import(request(reference, more));
  return wfm.catalog.settled(id, never);
}
const problem = (status: number, text = '') => ({ kind: { status }, message: expect.stringContaining(text) });
/** A registry that answers when it is told to. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

describe('import', () => {
  it('is taken at once and ends onboarded, with what the package says', async () => {
    const { digest } = await push('1.0.0', { icon: new Uint8Array([1, 2, 3]) });
    const taken = await wfm.catalog.import(request({ tag: '1.0.0' }, { labels: { team: 'a' } }));
    expect(taken).toMatchObject({ state: 'PENDING', name: 'pump', labels: { team: 'a' } });
    const ended = await wfm.catalog.settled(taken.id, never);
    expect(ended).toMatchObject({ id: taken.id, state: 'ONBOARDED', digest, faults: [] });
    expect(ended.description).toMatchObject({ id: 'com-acme-pump', version: '1.0.0', profiles: [{ id: 'compose' }] });
    expect(await wfm.catalog.resource(taken.id, 'resources/icon.png')).toEqual({
      mediaType: 'image/png',
      bytes: new Uint8Array([1, 2, 3]),
    });
    expect(await wfm.catalog.resource(taken.id, 'resources/none.png')).toBeUndefined();
    expect(await wfm.solutions.get(taken.id)).toMatchObject({ applicationId: 'com-acme-pump', version: '1.0.0' });
    const listed = await wfm.catalog.list({ applicationId: 'com-acme-pump' });
    expect([listed.total, listed.items[0]?.id]).toEqual([1, taken.id]);
    expect((await wfm.catalog.list({ applicationId: 'other' })).total).toBe(0);
  });

  it.each([
    [{ registry: 'a b' }, 'source.registry'],
    [{ registry: 'host/path' }, 'source.registry'],
    [{ registry: 'REGISTRY.test:0443' }, 'source.registry'],
    [{ registry: '1.2.3.4.5' }, 'source.registry'],
    [{ repository: '../x' }, 'source.repository'],
    [{ tag: undefined }, 'source'],
    [{ digest: `sha256:${'a'.repeat(64)}` }, 'source'],
    [{ tag: '-' }, 'source.tag'],
    [{ tag: undefined, digest: 'sha256:1' }, 'source.digest'],
  ])('refuses the source %j', async (wrong, field) => {
    const source = { registry: 'registry.test', repository: 'apps/pump', tag: '1.0.0', ...wrong };
    const attempt = wfm.catalog.import({ name: 'x', source: JSON.parse(JSON.stringify(source)) });
    await expect(attempt).rejects.toMatchObject({ ...problem(422), errors: [expect.objectContaining({ field })] });
    expect(await state.count(packages)).toBe(0);
  });

  it('ends failed with every fault of a package that cannot be deployed', async () => {
    await push('1.0.0', { yaml: 'id: UPPER\nmetadata: {}\n' });
    const ended = await imported({ tag: '1.0.0' });
    expect(ended).toMatchObject({ state: 'FAILED', failure: expect.stringContaining('cannot be deployed') });
    expect(ended.faults.length).toBeGreaterThan(1);
    for (const fault of ended.faults) expect(ended.failure).toContain(fault.message);
    await expect(wfm.solutions.get(ended.id)).rejects.toMatchObject(problem(409, 'FAILED'));
  });

  it('warns of what breaks the standard without harm, and refuses it when it is strict', async () => {
    await push('1.0.0', { yaml: margoYaml('1.0.0').replace('kind:', 'unheard: of\nkind:') });
    const strict = await imported({ tag: '1.0.0' }, { strict: true });
    expect(strict.state).toBe('FAILED');
    const tolerant = await imported({ tag: '1.0.0' });
    expect(tolerant).toMatchObject({ state: 'ONBOARDED', faults: [] });
    expect(tolerant.warnings.length).toBeGreaterThan(0);
  });

  it('goes on without a resource that the registry has lost', async () => {
    const icon = new Uint8Array([9]);
    await push('1.0.0', { icon });
    registry.lose(
      (await registry.resolve({ registry: 'r', repository: 'apps/pump', tag: '1.0.0' })).manifest.layers[1]?.digest ??
        '',
    );
    const ended = await imported({ tag: '1.0.0' });
    expect(ended).toMatchObject({ state: 'ONBOARDED' });
    expect(ended.warnings).toContainEqual(expect.objectContaining({ path: 'resources/icon.png', code: 'missing' }));
  });

  it('counts a lost resource against a package when it is strict', async () => {
    await push('1.0.0', { icon: new Uint8Array([9]) });
    const { manifest } = await registry.resolve({ registry: 'r', repository: 'apps/pump', tag: '1.0.0' });
    registry.lose(manifest.layers[1]?.digest ?? '');
    const ended = await imported({ tag: '1.0.0' }, { strict: true });
    expect(ended.state).toBe('FAILED');
    expect(ended.faults).toContainEqual(expect.objectContaining({ path: 'resources/icon.png', code: 'missing' }));
  });

  it('tries a registry again that cannot be reached, and says so in the end', async () => {
    await push('1.0.0');
    let away = true;
    registry.before = () => {
      if (away) throw new RegistryFault('unreachable', 'registry.test does not answer');
    };
    const first = await wfm.catalog.import(request({ tag: '1.0.0' }));
    await expect.poll(() => registry.resolved).toBe(1);
    await clock.advance(1000);
    expect(await wfm.catalog.settled(first.id, never)).toMatchObject({
      state: 'FAILED',
      failure: 'registry.test does not answer',
    });
    const again = await wfm.catalog.import(request({ tag: '1.0.0' }));
    await expect.poll(() => registry.resolved).toBe(3);
    away = false;
    await clock.advance(1000);
    expect(await wfm.catalog.settled(again.id, never)).toMatchObject({ state: 'ONBOARDED' });
    // The failed one has made room.
    await expect(wfm.catalog.get(first.id)).rejects.toMatchObject(problem(404));
    expect((await wfm.catalog.list({})).total).toBe(1);
  });

  it('runs four at a time', async () => {
    const wait = gate();
    let most = 0;
    let running = 0;
    registry.before = async () => {
      most = Math.max(most, ++running);
      await wait.opened;
      running--;
    };
    const taken: PackageRecord[] = [];
    for (let at = 0; at < 10; at++) {
      await push(`1.0.${at}`);
      taken.push(await wfm.catalog.import(request({ tag: `1.0.${at}` })));
    }
    await expect.poll(() => running).toBe(4);
    wait.open();
    const ends = await Promise.all(taken.map(({ id }) => wfm.catalog.settled(id, never)));
    expect(ends.map(({ state: end }) => end)).toEqual(Array.from({ length: 10 }, () => 'ONBOARDED'));
    expect(most).toBe(4);
  });
});

describe('the same again', () => {
  it('is a conflict that names the package, by tag and by digest', async () => {
    const { digest } = await push('1.0.0');
    const { id } = await imported({ tag: '1.0.0' });
    for (const reference of [{ tag: '1.0.0' }, { digest }]) {
      await expect(wfm.catalog.import(request(reference))).rejects.toMatchObject({
        ...problem(409, id),
        extensions: { packageId: id },
      });
    }
    await registry.push({ registry: 'r', repository: 'apps/pump', tag: 'stable' }, (await asPushed('1.0.0')) as never);
    expect(await imported({ tag: 'stable' })).toMatchObject({
      state: 'FAILED',
      failure: expect.stringContaining(`as ${id}`),
    });
  });

  it('is a conflict however the host is spelled, and is found and listed so', async () => {
    const { digest } = await push('1.0.0');
    const { id } = await imported({ tag: '1.0.0' });
    for (const registry of ['Registry.TEST', 'registry.test:443', 'REGISTRY.test:80']) {
      const place = { registry, repository: 'apps/pump' };
      for (const source of [
        { ...place, tag: '1.0.0' },
        { ...place, digest },
      ]) {
        await expect(wfm.catalog.import(request({}, { source }))).rejects.toMatchObject(problem(409, id));
        expect(await wfm.catalog.find(source)).toMatchObject({ id });
      }
      expect((await wfm.catalog.list({ repository: place })).items).toMatchObject([{ id }]);
    }
    for (const other of [
      { registry: 'registry.test:8443', repository: 'apps/pump' },
      { registry: 'registry.test', repository: 'apps/pum' },
    ]) {
      expect((await wfm.catalog.list({ repository: other })).total).toBe(0);
    }
  });

  it('is a conflict while the first is under way, for all but one of many', async () => {
    await push('1.0.0');
    const ends = await Promise.allSettled(
      Array.from({ length: 5 }, () => wfm.catalog.import(request({ tag: '1.0.0' }))),
    );
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await state.count(packages)).toBe(1);
  });

  it('with other content under the same version is refused', async () => {
    await push('1.0.0');
    const { id } = await imported({ tag: '1.0.0' });
    await push('1.0.0', { yaml: `${margoYaml('1.0.0')}# changed\n`, repository: 'other/pump' });
    const source = { registry: 'registry.test', repository: 'other/pump', tag: '1.0.0' };
    const second = await imported({}, { source });
    expect(second).toMatchObject({ state: 'FAILED', failure: expect.stringContaining(id) });
    expect(second.failure).toContain('com-acme-pump@1.0.0');
    await wfm.catalog.delete(id);
    expect(await imported({}, { source })).toMatchObject({ state: 'ONBOARDED' });
  });
});

async function asPushed(tag: string) {
  const { manifest } = await registry.resolve({ registry: 'r', repository: 'apps/pump', tag });
  const layers = await Promise.all(
    manifest.layers.map(async (layer) => ({
      mediaType: layer.mediaType,
      annotations: layer.annotations,
      bytes: await registry.fetch({ registry: 'r', repository: 'apps/pump' }, layer, 1e6),
    })),
  );
  return { artifactType: manifest.artifactType ?? '', layers };
}

it('an unsigned package that must be signed is refused however the host of its source is spelled', async () => {
  const file = join(import.meta.dirname, 'signature/testdata/plant.pub.pem');
  await wfm.stop();
  wfm = await startWfm({
    state,
    clock,
    registry,
    log,
    catalog: { signatures: [{ of: '127.0.0.1:5000/', cosignKeys: [file] }] },
  });
  await push('1.0.0');
  for (const [n, host] of ['127.0.0.1:5000', '127.1:5000', '0x7f.1:5000'].entries()) {
    const source = { registry: host, repository: 'apps/pump', tag: '1.0.0' };
    const ended = await imported({}, { source, name: `pump-${n}` });
    expect(ended).toMatchObject({ state: 'FAILED', faults: [{ code: 'not-signed' }] });
  }
  expect(await state.count(packages)).toBe(1);
});

describe('a start', () => {
  it('fails with the setting that names what cannot verify signatures', async () => {
    const file = join(import.meta.dirname, 'signature/testdata/plant.ca.pem');
    const signatures = [{ of: 'registry.test/apps/', cosignKeys: [file] }];
    await expect(startWfm({ catalog: { signatures } })).rejects.toThrow(`signatures[0].cosignKeys[0], ${file}, cannot`);
  });
});

describe('a restart', () => {
  it('goes on with what was under way', async () => {
    await push('1.0.0');
    registry.before = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const { id } = await wfm.catalog.import(request({ tag: '1.0.0' }));
    await expect.poll(async () => (await wfm.catalog.get(id)).state).toBe('PROCESSING');
    await wfm.stop();
    expect((await state.get(packages, id))?.value.state).toBe('PROCESSING');
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    registry.before = () => undefined;
    wfm = await start(wfm.dataDir);
    expect(await wfm.catalog.settled(id, never)).toMatchObject({ state: 'ONBOARDED' });
  });

  it('has no credentials any more, never stored them, and says so where they were needed', async () => {
    await push('1.0.0');
    const wait = gate();
    registry.before = async ({ signal, credentials }) => {
      if (credentials) await Promise.race([wait.opened, new Promise((_, no) => signal?.addEventListener('abort', no))]);
      else throw new RegistryFault('denied', 'registry.test wants credentials');
    };
    const credentials = { username: 'robot', password: 'hunter2' };
    const { id } = await wfm.catalog.import(request({ tag: '1.0.0' }, { credentials }));
    await expect.poll(() => registry.resolved).toBe(1);
    const stored = JSON.stringify([await state.list(packages), await state.list(claims), log.lines]);
    expect(stored).not.toContain('hunter2');
    await wfm.stop();
    wfm = await start(wfm.dataDir);
    const ended = await wfm.catalog.settled(id, never);
    expect(ended).toMatchObject({
      state: 'FAILED',
      failure: expect.stringContaining('registry.test wants credentials'),
    });
    expect(ended.failure).toContain('import it again');
    wait.open();
    const again = await imported({ tag: '1.0.0' }, { credentials });
    expect(again.state).toBe('ONBOARDED');
  });
});

describe('several hosts that share their work', () => {
  const hosts: Wfm[] = [];
  let queue: MemoryQueues;
  let locks: MemoryLocks;
  const startHosts = async (count: number): Promise<Wfm[]> => {
    locks = new MemoryLocks(clock);
    queue = new MemoryQueues({ attempts: 5, firstDelay: 1000, maxDelay: 1000 }, clock, log);
    await locks.start();
    await queue.start();
    for (let n = 0; n < count; n++) hosts.push(await startWfm({ state, clock, registry, log, queue, locks }));
    return hosts;
  };
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.stop();
    await queue.stop();
    await locks.stop();
  });
  const untilAborted = ({ signal }: RegistryCall): Promise<never> =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

  it('import each package once, whichever was asked', async () => {
    const [one, two] = await startHosts(2);
    const versions = Array.from({ length: 6 }, (_, n) => `1.0.${n}`);
    for (const version of versions) await push(version);
    const taken = await Promise.all(
      versions.map((tag, n) => (n % 2 === 0 ? one : two)?.catalog.import(request({ tag }))),
    );
    for (const record of taken) {
      expect(await one?.catalog.settled(record?.id ?? '', never)).toMatchObject({ state: 'ONBOARDED' });
    }
    expect(registry.resolved).toBe(versions.length);
  });

  it('go on with what one of them has left', async () => {
    const [one] = await startHosts(1);
    await push('1.0.0');
    registry.before = untilAborted;
    const record = await one?.catalog.import(request({ tag: '1.0.0' }));
    await expect.poll(() => registry.resolved).toBe(1);
    registry.before = () => undefined;
    const two = await startWfm({ state, clock, registry, log, queue, locks });
    hosts.push(two);
    await hosts.shift()?.stop();
    // A host that was stopped has not failed, so nothing waits for another attempt.
    expect(log.lines.filter(({ message }) => message === 'an item of a work queue failed')).toEqual([]);
    expect(await two.catalog.settled(record?.id ?? '', never)).toMatchObject({ state: 'ONBOARDED' });
    expect(registry.resolved).toBe(2);
  });

  it('pass an import on anew whose item the queue has lost', async () => {
    const [one] = await startHosts(1);
    await push('1.0.0');
    const enqueue = vi.spyOn(queue as MemoryQueues, 'enqueue').mockResolvedValue();
    const id = (await one?.catalog.import(request({ tag: '1.0.0' })))?.id ?? '';
    // By the host that was asked, and by the one that saw the record.
    await expect.poll(() => enqueue.mock.calls.length).toBe(2);
    enqueue.mockRestore();
    expect(await one?.catalog.get(id)).toMatchObject({ state: 'PENDING' });
    await expect
      .poll(async () => {
        await clock.advance(60_000);
        return (await one?.catalog.get(id))?.state;
      })
      .toBe('ONBOARDED');
  });

  it('say that an import has failed which the queue has given up, and leave nothing of it there', async () => {
    const [one] = await startHosts(1);
    await push('1.0.0', { icon: new Uint8Array([1]) });
    const { commit } = state;
    state.commit = async (changes) => {
      if (changes.some(({ in: { name } }) => name === 'package-resources')) throw new TypeError('no such field');
      return commit.call(state, changes);
    };
    const id = (await one?.catalog.import(request({ tag: '1.0.0' })))?.id ?? '';
    await expect
      .poll(async () => {
        await clock.advance(1000);
        return one?.catalog.get(id);
      })
      .toMatchObject({ state: 'FAILED', failure: 'it was tried 5 times and given up: no such field' });
    await expect.poll(() => queue.health()).toEqual({ status: 'ok' });
  });

  it('leave an import to the one that was given credentials, and say that they are gone when it is', async () => {
    const [one, two] = await startHosts(2);
    await push('1.0.0');
    registry.before = ({ signal, credentials }) =>
      credentials
        ? untilAborted({ ...(signal && { signal }) })
        : Promise.reject(new RegistryFault('denied', 'registry.test wants credentials'));
    const credentials = { username: 'robot', password: 'hunter2' };
    const record = await one?.catalog.import(request({ tag: '1.0.0' }, { credentials }));
    const id = record?.id ?? '';
    await expect.poll(async () => (await two?.catalog.get(id))?.state).toBe('PROCESSING');
    await clock.advance(60_000);
    expect(await two?.catalog.get(id)).toMatchObject({ state: 'PROCESSING' });
    await hosts.shift()?.stop();
    expect(await two?.catalog.settled(id, never)).toMatchObject({
      state: 'FAILED',
      failure: expect.stringContaining('import it again'),
    });
  });

  it('go on with an import whose lock was lost, by the credentials that came with it', async () => {
    await startHosts(0);
    const lost = new AbortController();
    const { acquire } = locks;
    vi.spyOn(locks, 'acquire').mockImplementationOnce(async (name, options) => {
      const lease = await acquire.call(locks, name, options);
      return { name, fence: lease.fence, signal: lost.signal, release: () => lease.release() };
    });
    const host = await startWfm({ state, clock, registry, log, queue, locks });
    hosts.push(host);
    await push('1.0.0');
    registry.before = untilAborted;
    const credentials = { username: 'robot', password: 'hunter2' };
    const { id } = await host.catalog.import(request({ tag: '1.0.0' }, { credentials }));
    await expect.poll(() => registry.resolved).toBe(1);
    registry.before = ({ credentials: given }) => {
      if (!given) throw new RegistryFault('denied', 'registry.test wants credentials');
    };
    lost.abort(new LockFault('lost', 'the store was away'));
    await expect
      .poll(async () => {
        await clock.advance(2000);
        return (await host.catalog.get(id)).state;
      })
      .toBe('ONBOARDED');
  });

  it('leave a package as it is that another has brought to its end, wherever the tag leads by then', async () => {
    // Hosts without a queue between them, which take up at their start what they find.
    await startHosts(0);
    const first = await push('1.0.0');
    const held = gate();
    registry.before = () => held.opened;
    const { id } = await wfm.catalog.import(request({ tag: '1.0.0' }));
    await expect.poll(() => registry.resolved).toBe(1);
    registry.before = () => undefined;
    hosts.push(await start());
    const onboarded = await wfm.catalog.settled(id, never);
    expect(onboarded).toMatchObject({ state: 'ONBOARDED', digest: first.digest });
    await push('1.0.0', { yaml: margoYaml('1.0.0', 'com-acme-other') });
    held.open();
    await wfm.stop();
    expect(await hosts[0]?.catalog.get(id)).toEqual(onboarded);
  });

  it('do not keep a package closed that one of them was deleting when it died', async () => {
    const [one] = await startHosts(1);
    await push('1.0.0');
    const id = (await one?.catalog.import(request({ tag: '1.0.0' })))?.id ?? '';
    await one?.catalog.settled(id, never);
    await state.commit([put(deletions, id, { at: clock.now() })]);
    await expect(one?.catalog.whileKept(id)).rejects.toMatchObject(problem(409, 'is being deleted'));
    await expect(one?.catalog.delete(id)).rejects.toMatchObject(problem(409, 'deleted already'));
    await clock.advance(61_000);
    await state.commit([(await one?.catalog.whileKept(id)) as Change]);
    expect(await state.get(deletions, id)).toBeUndefined();
    await state.commit([put(deletions, id, { at: 0 })]);
    await one?.catalog.delete(id);
    await expect(one?.catalog.get(id)).rejects.toMatchObject(problem(404));
  });
});

describe('delete', () => {
  it('leaves nothing behind, so that the same can be imported again', async () => {
    await push('1.0.0', { icon: new Uint8Array([1]) });
    const { id } = await imported({ tag: '1.0.0' });
    await wfm.catalog.delete(id);
    expect([await state.count(packages), await state.count(claims), await state.count(resources)]).toEqual([0, 0, 0]);
    await expect(wfm.catalog.delete(id)).rejects.toMatchObject(problem(404));
    expect(await imported({ tag: '1.0.0' })).toMatchObject({ state: 'ONBOARDED' });
  });

  it('ends an import that is under way', async () => {
    await push('1.0.0');
    let given: AbortSignal | undefined;
    registry.before = ({ signal }) => {
      given = signal;
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    };
    const { id } = await wfm.catalog.import(request({ tag: '1.0.0' }));
    const settled = wfm.catalog.settled(id, never);
    const outcome = expect(settled).rejects.toMatchObject(problem(404));
    await expect.poll(() => registry.resolved).toBe(1);
    await wfm.catalog.delete(id);
    expect(given?.aborted).toBe(true);
    await outcome;
    expect([await state.count(packages), await state.count(claims)]).toEqual([0, 0]);
  });

  it.each([
    ['was asked for', async () => wfm],
    [
      'was found at its start',
      async () => {
        await wfm.stop();
        return start(wfm.dataDir);
      },
    ],
  ])('that cannot be stored leaves an import that %s to go on', async (_what, next) => {
    await push('1.0.0');
    registry.before = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const { id } = await wfm.catalog.import(request({ tag: '1.0.0' }));
    await expect.poll(() => registry.resolved).toBe(1);
    const before = wfm;
    wfm = await next();
    await expect.poll(() => registry.resolved).toBe(wfm === before ? 1 : 2);
    registry.before = () => undefined;
    const { commit } = state;
    state.commit = async (changes) => {
      const isDeleted = changes.some(({ in: { name }, kind }) => name === packages.name && kind === 'delete');
      if (isDeleted) throw new StateFault('storage', 'away');
      return commit.call(state, changes);
    };
    await expect(wfm.catalog.delete(id)).rejects.toThrow('away');
    state.commit = commit;
    await expect
      .poll(async () => {
        await clock.advance(2000);
        return (await wfm.catalog.get(id)).state;
      })
      .toBe('ONBOARDED');
  });

  it('does not wait for others to end an import that waits for them', async () => {
    const wait = gate();
    registry.before = () => wait.opened;
    const taken: PackageRecord[] = [];
    for (let at = 0; at < 5; at++) {
      await push(`1.0.${at}`);
      taken.push(await wfm.catalog.import(request({ tag: `1.0.${at}` })));
    }
    await expect.poll(() => registry.resolved).toBe(4);
    await wfm.catalog.delete(taken[4]?.id ?? '');
    expect(await state.count(packages)).toBe(4);
    wait.open();
    await Promise.all(taken.slice(0, 4).map(({ id }) => wfm.catalog.settled(id, never)));
    expect(registry.resolved).toBe(4);
  });

  it('asks the guards, and can be used again when they object', async () => {
    await push('1.0.0');
    const { id } = await imported({ tag: '1.0.0' });
    wfm.catalog.beforeDelete(async () => "it is somebody's favourite");
    await expect(wfm.catalog.delete(id)).rejects.toMatchObject(problem(409, 'favourite'));
    await state.commit([await wfm.catalog.whileKept(id)]);
    await wfm.catalog.delete(id, true);
    await expect(wfm.catalog.whileKept(id)).rejects.toMatchObject(problem(404));
  });

  it('asks no guard any more that was withdrawn', async () => {
    await push('1.0.0');
    const { id } = await imported({ tag: '1.0.0' });
    const withdraw = wfm.catalog.beforeDelete(async () => 'it is in use');
    await expect(wfm.catalog.delete(id)).rejects.toMatchObject(problem(409, 'in use'));
    withdraw();
    await wfm.catalog.delete(id);
    await expect(wfm.catalog.get(id)).rejects.toMatchObject(problem(404));
  });

  it('closes a package to new uses before it asks', async () => {
    await push('1.0.0');
    const { id } = await imported({ tag: '1.0.0' });
    const condition = await wfm.catalog.whileKept(id);
    wfm.catalog.beforeDelete(async () => {
      await expect(state.commit([condition])).rejects.toThrow('found');
      await expect(wfm.catalog.whileKept(id)).rejects.toMatchObject(problem(409, 'being deleted'));
      await expect(wfm.catalog.delete(id)).rejects.toMatchObject(problem(409, 'already'));
      return undefined;
    });
    await wfm.catalog.delete(id);
  });

  it('that a crash broke off has not happened', async () => {
    await push('1.0.0');
    const { id } = await imported({ tag: '1.0.0' });
    const reached = gate();
    wfm.catalog.beforeDelete(() => {
      reached.open();
      return new Promise(() => undefined);
    });
    void wfm.catalog.delete(id);
    await reached.opened;
    const again = await start(wfm.dataDir);
    await state.commit([await again.catalog.whileKept(id)]);
    await again.catalog.delete(id);
    await again.stop();
  });
});

it('waiting for an import ends with its signal', async () => {
  registry.before = ({ signal }) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const { id } = await wfm.catalog.import(request({ tag: '1.0.0' }));
  const over = new AbortController();
  const settled = wfm.catalog.settled(id, over.signal);
  over.abort(new Error('enough'));
  await expect(settled).rejects.toThrow('enough');
});
