import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegistryFault, type ScanReport, StateFault } from '../../core/ports/index.js';
import { type ManualClock, manualClock, recordingLogger, testContext } from '../../core/testing/index.js';
import { Latch } from '../../core/testing/latch.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { MemoryRegistry } from '../../test/managers/registry.js';
import { startWfm, type Wfm } from '../../test/managers/wfm.js';
import { artifactTypes, mediaTypes } from '../margo/index.js';
import intakeManager from './definition.js';
import type { IntakeManager } from './index.js';

/** A registry whose scanner reports what a test says. */
class Scanning extends MemoryRegistry {
  readonly reports = new Map<string, ScanReport>();
  async scan({ digest = '' }: { digest?: string }): Promise<ScanReport | undefined> {
    return this.reports.get(digest);
  }
}

const never = new AbortController().signal;
const place = { registry: 'harbor.test', repository: 'apps/pump' };
const title = 'org.opencontainers.image.title';
const open: (() => Promise<void>)[] = [];
let state: MemoryState;
let clock: ManualClock;
let registry: Scanning;
let wfm: Wfm;
let intake: IntakeManager;

async function startIntake(config: object = {}): Promise<IntakeManager> {
  const uses = { state, registry, catalog: wfm.catalog };
  const context = await testContext<IntakeManager>(intakeManager, { uses, config, clock, log: recordingLogger() });
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

async function push(tag: string, version = tag, artifactType: string = artifactTypes.application) {
  const bytes = new TextEncoder().encode(margoYaml(version));
  const annotations = { [title]: 'margo.yaml' };
  const layers = [{ mediaType: mediaTypes.description, bytes, annotations }];
  return registry.push({ ...place, tag }, { artifactType, layers });
}

const margoYaml = (version: string): string => `
apiVersion: margo.org/v1-alpha1
kind: ApplicationDescription
id: com-acme-pump
metadata:
  name: Pump
  version: ${version}
  catalog: { application: { tags: [pump] }, organization: [{ name: Acme, site: https://acme.test }] }
deploymentProfiles:
  - id: compose
    type: compose
    components: [{ name: main, properties: { repository: oci://harbor.test/apps/main, revision: ${version} } }]
`;

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
    await push('1.0.0', '1.0.0', artifactTypes.compose);
    await told({ tag: '1.0.0' });
    expect(await catalog()).toEqual([]);
  });

  it('of a repository that the profile does not follow is not even looked at', async () => {
    intake = await startIntake({ repositories: ['apps/valve', 'line-1/'] });
    await push('1.0.0');
    await told({ tag: '1.0.0' });
    expect(registry.resolved).toBe(0);
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

  it('does not keep a package out when it cannot be had', async () => {
    registry.scan = () => Promise.reject(new RegistryFault('denied', 'no'));
    await push('1.0.0');
    await told({ tag: '1.0.0' });
    expect(await catalog()).toMatchObject([{ state: 'ONBOARDED' }]);
    expect(await upstream()).toEqual({ checkedAt: clock.now(), there: true });
  });
});
