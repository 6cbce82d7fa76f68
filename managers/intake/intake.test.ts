import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegistryFault, type ScanReport, StateFault } from '../../core/ports/index.js';
import { type ManualClock, manualClock, recordingLogger, testContext } from '../../core/testing/index.js';
import { Latch } from '../../core/testing/latch.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { application } from '../../test/managers/application.js';
import { MemoryRegistry } from '../../test/managers/registry.js';
import { startWfm, type Wfm } from '../../test/managers/wfm.js';
import { artifactTypes } from '../margo/index.js';
import intakeManager from './definition.js';
import type { IntakeManager } from './index.js';
import { notices } from './record.js';

/** A registry whose scanner reports what a test says. */
class Scanning extends MemoryRegistry {
  readonly reports = new Map<string, ScanReport>();
  async scan({ digest = '' }: { digest?: string }): Promise<ScanReport | undefined> {
    return this.reports.get(digest);
  }
}

const never = new AbortController().signal;
const place = { registry: 'harbor.test', repository: 'apps/pump' };
const open: (() => Promise<void>)[] = [];
let state: MemoryState;
let clock: ManualClock;
let registry: Scanning;
let wfm: Wfm;
let intake: IntakeManager;

async function startIntake(config: object = {}, log = recordingLogger()): Promise<IntakeManager> {
  const uses = { state, registry, catalog: wfm.catalog };
  const context = await testContext<IntakeManager>(intakeManager, { uses, config, clock, log });
  await context.start();
  open.push(() => context.dispose());
  return context.instance;
}

beforeEach(async () => {
  state = new MemoryState();
  clock = manualClock();
  registry = new Scanning();
  wfm = await startWfm({ state, clock, registry });
  intake = await startIntake();
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  await wfm.stop();
});

const push = (tag: string, version = tag, to = place) => registry.push({ ...to, tag }, application(version));

async function told(notice: object): Promise<void> {
  await intake.notice([{ ...place, ...notice }]);
  await intake.settled(never);
}

/** What the catalog has: version, digest and state of each package, by version. */
async function catalog() {
  const { items } = await wfm.catalog.list({});
  const settled = await Promise.all(items.map(({ id }) => wfm.catalog.settled(id, never)));
  return settled
    .map(({ description: found, digest, state: at, source, name }) => ({
      version: found?.version,
      digest,
      state: at,
      source,
      name,
    }))
    .sort((one, other) => (one.version ?? '').localeCompare(other.version ?? ''));
}

describe('a push that a registry tells of', () => {
  it('brings the package into the catalog, once, however often it is told', async () => {
    const { digest } = await push('1.0.0');
    for (let time = 0; time < 3; time++) await told({ tag: '1.0.0', digest });
    expect(await catalog()).toEqual([
      { version: '1.0.0', digest, state: 'ONBOARDED', source: { ...place, tag: '1.0.0' }, name: 'pump' },
    ]);
  });

  it('does not bring back a package that was deleted while it was imported', async () => {
    await push('1.0.0');
    registry.before = ({ signal }) => {
      // It is looked at first, and then imported.
      if (registry.resolved === 1) return undefined;
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    };
    await intake.notice([{ ...place, tag: '1.0.0' }]);
    await expect.poll(() => registry.resolved).toBe(2);
    const [importing] = (await wfm.catalog.list({})).items;
    registry.before = () => undefined;
    await wfm.catalog.delete(importing?.id ?? '');
    await expect
      .poll(async () => {
        await clock.advance(300_000);
        return state.count(notices);
      })
      .toBe(0);
    expect(await catalog()).toEqual([]);
    await told({ tag: '1.0.0' });
    expect(await catalog()).toMatchObject([{ version: '1.0.0', state: 'ONBOARDED' }]);
  });

  it('of a tag that leads elsewhere now brings the new version beside the old one', async () => {
    const old = await push('latest', '1.0.0');
    await told({ tag: 'latest' });
    const { digest } = await push('latest', '1.1.0');
    await told({ tag: 'latest', digest });
    await told({ tag: 'latest', digest });
    expect(await catalog()).toMatchObject([
      { version: '1.0.0', digest: old.digest, state: 'ONBOARDED' },
      { version: '1.1.0', digest, state: 'ONBOARDED', source: { ...place, digest } },
    ]);
  });

  it('long ago does not bring back what the tag was then', async () => {
    const old = await push('latest', '1.0.0');
    const { digest } = await push('latest', '1.1.0');
    await told({ tag: 'latest', digest: old.digest });
    expect(await catalog()).toMatchObject([{ version: '1.1.0', digest }]);
  });

  it('of what is gone by now changes nothing', async () => {
    await told({ tag: '1.0.0', digest: `sha256:${'a'.repeat(64)}` });
    expect(await catalog()).toEqual([]);
  });

  it('of what is no application package is not imported', async () => {
    await registry.push({ ...place, tag: '1.0.0' }, { ...application('1.0.0'), artifactType: artifactTypes.compose });
    await told({ tag: '1.0.0' });
    expect(await catalog()).toEqual([]);
  });

  it('of a repository that the profile does not follow is not even looked at', async () => {
    const log = recordingLogger();
    intake = await startIntake({ repositories: ['apps/valve', 'line-1/'] }, log);
    await push('1.0.0');
    await told({ tag: '1.0.0' });
    expect(registry.resolved).toBe(0);
    expect(log.lines).toMatchObject([
      { level: 'info', fields: { repository: 'apps/pump', repositories: ['apps/valve', 'line-1/'] } },
    ]);
  });

  it.each(['apps', 'harbor.test/apps/'])('cannot be followed by %s, which no repository is', (place) => {
    const { error } = intakeManager.config.safeParse({ repositories: ['apps/', place] });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['repositories.1']);
  });

  it('is tried again for what failed, also where it is in the catalog by its digest', async () => {
    await push('latest', '1.0.0');
    await told({ tag: 'latest' });
    const { digest } = await push('latest', '1.1.0');
    const { manifest } = await registry.resolve({ ...place, digest });
    registry.lose(manifest.layers[0]?.digest ?? '');
    await told({ tag: 'latest', digest });
    expect(await catalog()).toMatchObject([{ state: 'FAILED', source: { digest } }, { version: '1.0.0' }]);
    await push('latest', '1.1.0');
    await told({ tag: 'latest', digest });
    expect(await catalog()).toMatchObject([{ version: '1.0.0' }, { version: '1.1.0', state: 'ONBOARDED', digest }]);
  });

  it('of a repository with a long name gives the package a name that the API takes', async () => {
    const repository = `apps/${'x'.repeat(62)}__${'y'.repeat(100)}`;
    await push('1.0.0', '1.0.0', { ...place, repository });
    await told({ repository, tag: '1.0.0' });
    expect(await catalog()).toMatchObject([{ name: 'x'.repeat(62) }]);
  });

  it('waits for a registry that is away, and for a host that was stopped meanwhile', async () => {
    await push('1.0.0');
    let away = true;
    const asked = new Promise<void>((resolve) => {
      registry.before = () => {
        if (!away) return;
        resolve();
        throw new RegistryFault('unreachable', 'the registry is away');
      };
    });
    await intake.notice([{ ...place, tag: '1.0.0' }]);
    await asked;
    await open.pop()?.();
    away = false;
    intake = await startIntake();
    await intake.settled(never);
    expect(await catalog()).toMatchObject([{ version: '1.0.0', state: 'ONBOARDED' }]);
  });
});

describe('hosts that share their state', () => {
  it('leave a notice to the one that took it', async () => {
    await push('1.0.0');
    const other = await startIntake();
    await told({ tag: '1.0.0' });
    await other.settled(never);
    await clock.advance(60_000);
    // Looked at, and imported.
    expect(registry.resolved).toBe(2);
  });

  it('go on with what one of them has taken and not looked at when it died, without another start', async () => {
    await push('1.0.0');
    await startIntake();
    registry.before = () => {
      throw new RegistryFault('unreachable', 'the registry is away');
    };
    const dies = await startIntake();
    await dies.notice([{ ...place, tag: '1.0.0' }]);
    await expect.poll(() => registry.resolved).toBe(1);
    await open.pop()?.();
    registry.before = () => undefined;
    await expect
      .poll(async () => {
        await clock.advance(10_000);
        return (await catalog()).map(({ state: at }) => at);
      })
      .toEqual(['ONBOARDED']);
    await intake.settled(never);
  });
});

it('an import that takes long keeps no other notice from being looked at', async () => {
  intake = await startIntake({ parallel: 1 });
  await push('1.0.0');
  const latch = new Latch();
  const { fetch } = registry;
  registry.fetch = async (...asked) => {
    await latch.opened;
    return fetch.apply(registry, asked);
  };
  await intake.notice([{ ...place, tag: '1.0.0' }]);
  await expect.poll(() => registry.resolved).toBe(2);
  await intake.notice([{ ...place, tag: 'gone' }]);
  await expect.poll(() => registry.resolved).toBe(3);
  latch.open();
  await intake.settled(never);
  expect(await catalog()).toMatchObject([{ version: '1.0.0', state: 'ONBOARDED' }]);
});

describe('a notice is kept, and looked at again,', () => {
  it.each([
    ['a registry that refuses the credentials', new RegistryFault('denied', 'no')],
    ['a store that is away', new StateFault('storage', 'away')],
    ['an error of ours', new TypeError('no such field')],
  ])('for %s', async (_what, fault) => {
    await push('1.0.0');
    let refuses = true;
    registry.before = () => {
      if (refuses) throw fault;
    };
    await intake.notice([{ ...place, tag: '1.0.0' }]);
    await expect.poll(() => registry.resolved).toBe(1);
    refuses = false;
    await expect
      .poll(async () => {
        await clock.advance(300_000);
        return (await catalog()).map(({ version }) => version);
      })
      .toEqual(['1.0.0']);
  });
});

describe('what the registry says of a package', () => {
  const high: ScanReport = {
    status: 'succeeded',
    severity: 'High',
    vulnerabilities: { total: 5, fixable: 3, bySeverity: { High: 2, Low: 3 } },
  };
  const upstream = async () => (await wfm.catalog.list({})).items[0]?.upstream;

  it('is asked for at its import, and anew when it tells that a scan has ended', async () => {
    const { digest } = await push('1.0.0');
    registry.reports.set(digest, { status: 'running' });
    await told({ tag: '1.0.0' });
    expect(await upstream()).toMatchObject({ there: true, scan: { status: 'running' } });
    registry.reports.set(digest, high);
    await told({ digest });
    expect(await upstream()).toMatchObject({ there: true, scan: high });
  });

  it('is noted when it tells that the package was deleted, which is kept', async () => {
    const { digest } = await push('1.0.0');
    await told({ tag: '1.0.0' });
    registry.before = () => {
      throw new RegistryFault('not-found', 'it is not there');
    };
    await told({ tag: '1.0.0', digest });
    expect(await upstream()).toMatchObject({ there: false });
    expect(await catalog()).toMatchObject([{ version: '1.0.0', state: 'ONBOARDED' }]);
  });

  it('is noted of what was deleted, also where its tag leads to another one by now', async () => {
    const { digest } = await push('latest', '1.0.0');
    await told({ tag: 'latest' });
    const { digest: other } = await push('latest', '1.1.0');
    await told({ tag: 'latest' });
    const { resolve } = registry;
    registry.resolve = async (reference, call) => {
      if (reference.digest === digest) throw new RegistryFault('not-found', 'it is not there');
      return resolve.call(registry, reference, call);
    };
    await told({ tag: 'latest', digest });
    const { items } = await wfm.catalog.list({});
    const there = Object.fromEntries(items.map((one) => [one.digest, one.upstream?.there]));
    expect(there).toEqual({ [digest]: false, [other]: true });
  });

  it('does not keep a package out when it cannot be had', async () => {
    registry.scan = () => Promise.reject(new RegistryFault('denied', 'no'));
    await push('1.0.0');
    await told({ tag: '1.0.0' });
    expect(await catalog()).toMatchObject([{ state: 'ONBOARDED' }]);
    expect(await upstream()).toEqual({ checkedAt: clock.now(), there: true });
  });
});
