import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Descriptor } from '../../core/ports/index.js';
import { manualClock, testContext } from '../../core/testing/index.js';
import { Latch } from '../../core/testing/latch.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { application } from '../../test/managers/application.js';
import { MemoryRegistry } from '../../test/managers/registry.js';
import { cosignSigner, notationSigner, type Signer } from '../../test/managers/signing.js';
import { startWfm } from '../../test/managers/wfm.js';
import { artifactTypes } from '../margo/index.js';
import intakeManager from './definition.js';
import type { IntakeManager, Notice } from './index.js';
import { signedBy } from './signed.js';

const never = new AbortController().signal;
const place = { registry: 'harbor.test', repository: 'apps/pump' };
const clock = manualClock();
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const tagOf = (digest: string): string => digest.replace(':', '-');

/** How signatures come to a registry, and what it tells of them. */
interface Way {
  readonly signer: Promise<Signer>;
  readonly rule: (file: string) => object;
  put(registry: MemoryRegistry, signed: Descriptor, by: Signer): Promise<Pick<Notice, 'tag' | 'digest'>>;
}
const cosign: Way = {
  signer: Promise.resolve(cosignSigner()),
  rule: (file) => ({ cosignKeys: [file] }),
  async put(registry, signed, by) {
    const tag = `${tagOf(signed.digest)}.sig`;
    const { digest } = await registry.push({ ...place, tag }, await by.sign(signed));
    return { tag, digest };
  },
};
const referrer: Way = {
  signer: notationSigner(clock.now()),
  rule: (file) => ({ notation: { certificates: [file] } }),
  async put(registry, signed, by) {
    const { digest } = await registry.refer(signed.digest, place, await by.sign(signed));
    return { digest };
  },
};
/** Of a registry without the referrers API: the client has put an index there, which has many signatures perhaps. */
const index: Way = {
  ...referrer,
  async put(registry, signed, by) {
    await referrer.put(registry, signed, by);
    return { tag: tagOf(signed.digest), digest: `sha256:${'1'.repeat(64)}` };
  },
};
const ways = [
  ['a tag of cosign', cosign],
  ['an artifact that refers to what it signs', referrer],
  ['the tag that stands in for the referrers API', index],
] as const;

/** A fleet manager that lets in only what was signed in this way. */
async function start({ signer, rule }: Way) {
  const registry = new MemoryRegistry();
  const state = new MemoryState();
  const file = join(await mkdtemp(join(tmpdir(), 'tutti-signed-')), 'trust.pem');
  await writeFile(file, (await signer).trust);
  const signatures = [{ of: 'harbor.test/apps/', ...rule(file) }];
  const wfm = await startWfm({ state, clock, registry, catalog: { signatures } });
  stops.push(() => wfm.stop());
  const uses = { state, registry, catalog: wfm.catalog };
  const context = await testContext<IntakeManager>(intakeManager, { uses, clock });
  await context.start();
  stops.push(() => context.dispose());
  const told = async (notice: Pick<Notice, 'tag' | 'digest'>): Promise<void> => {
    await context.instance.notice([{ ...place, ...notice }]);
    await context.instance.settled(never);
  };
  const packages = async () => {
    const { items } = await wfm.catalog.list({});
    return Promise.all(items.map(({ id }) => wfm.catalog.settled(id, never)));
  };
  const push = (tag: string) => registry.push({ ...place, tag }, application(tag));
  return { registry, catalog: wfm.catalog, told, packages, push };
}

describe.each(ways)('a signature that comes after the push, by %s,', (_name, way) => {
  it('brings in what was refused without it, as it was asked for', async () => {
    const { registry, catalog, told, packages, push } = await start(way);
    const signed = await push('1.0.0');
    const source = { ...place, tag: '1.0.0' };
    await catalog.import({ name: 'my-pump', labels: { line: '3' }, source });
    await told({ tag: '1.0.0', digest: signed.digest });
    const failure = expect.stringMatching(
      /^the package cannot be deployed: what comes from harbor\.test\/apps\/ must be signed/,
    );
    expect(await packages()).toMatchObject([{ state: 'FAILED', faults: [{ code: 'not-signed' }], failure }]);

    const notice = await way.put(registry, signed, await way.signer);
    for (let time = 0; time < 2; time++) await told(notice);
    const asAsked = { source, name: 'my-pump', labels: { line: '3' } };
    expect(await packages()).toMatchObject([{ state: 'ONBOARDED', digest: signed.digest, ...asAsked }]);
  });

  it('changes nothing for other packages of the repository', async () => {
    const { registry, told, packages, push } = await start(way);
    const [signed, other] = [await push('1.0.0'), await push('2.0.0')];
    await told({ tag: '1.0.0' });
    await told({ tag: '2.0.0' });
    const before = (await packages()).find(({ digest }) => digest === other.digest);
    await told(await way.put(registry, signed, await way.signer));
    const after = await packages();
    expect(after).toHaveLength(2);
    expect(after).toContainEqual(before);
    expect(after).toContainEqual(expect.objectContaining({ state: 'ONBOARDED', digest: signed.digest }));
  });

  it('counts for an import that is under way and has looked for it already', async () => {
    const { registry, catalog, told, packages, push } = await start(way);
    const signed = await push('1.0.0');
    const [looked, over] = [new Latch(), new Latch()];
    const { resolve, referrers } = registry;
    // The signature is not there yet, and the registry takes its time to say so.
    const late = async <T>(answer: Promise<T>): Promise<T> => {
      const settled = await Promise.allSettled([answer]);
      looked.open();
      await over.opened;
      return settled[0].status === 'fulfilled' ? settled[0].value : Promise.reject(settled[0].reason);
    };
    registry.resolve = (reference, call) => {
      const answer = resolve.call(registry, reference, call);
      return reference.tag?.endsWith('.sig') ? late(answer) : answer;
    };
    registry.referrers = (...args) => late(referrers.apply(registry, args));
    const { id } = await catalog.import({ name: 'pump', source: { ...place, tag: '1.0.0' } });
    await looked.opened;
    Object.assign(registry, { resolve, referrers });
    const listed = vi.spyOn(catalog, 'list');
    const looking = told(await way.put(registry, signed, await way.signer));
    await vi.waitFor(() => expect(listed).toHaveBeenCalled());
    over.open();
    await looking;
    expect(await packages()).toMatchObject([
      { state: 'ONBOARDED', digest: signed.digest, id: expect.not.stringMatching(id) },
    ]);
  });
});

describe('a signature', () => {
  it('by nobody whom the policy names leaves a package out, once more with the reason', async () => {
    const { registry, told, packages, push } = await start(cosign);
    const signed = await push('1.0.0');
    await told({ tag: '1.0.0' });
    await told(await cosign.put(registry, signed, cosignSigner()));
    expect(await packages()).toMatchObject([
      { state: 'FAILED', failure: expect.stringContaining('one is not by a key of the policy') },
    ]);
  });

  it('brings in nothing that nobody has asked for, nor what failed for another reason', async () => {
    const { registry, told, packages, push } = await start(cosign);
    await told(await cosign.put(registry, await push('1.0.0'), await cosign.signer));
    expect(await packages()).toEqual([]);

    const broken = await registry.push(
      { ...place, tag: '2.0.0' },
      { artifactType: artifactTypes.application, layers: [] },
    );
    const notice = await cosign.put(registry, broken, await cosign.signer);
    await told({ tag: '2.0.0' });
    const failed = await packages();
    expect(failed).toMatchObject([{ state: 'FAILED', digest: broken.digest }]);
    await told(notice);
    expect(await packages()).toEqual(failed);
  });
});

it('is of the digest that its tag names, in either form', () => {
  const hex = 'a'.repeat(64);
  expect(signedBy(`sha256-${hex}.sig`)).toBe(`sha256:${hex}`);
  expect(signedBy(`sha256-${hex}`)).toBe(`sha256:${hex}`);
  expect(signedBy(`sha512-${hex}${hex}.sig`)).toBe(`sha512:${hex}${hex}`);
  for (const other of ['1.0.0', 'sha256', `sha256-${hex.slice(1)}.sig`, `sha256-${hex}.att`, `x-sha256-${hex}.sig`]) {
    expect(signedBy(other)).toBeUndefined();
  }
});
