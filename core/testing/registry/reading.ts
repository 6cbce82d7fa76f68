import type { KitCase } from '../kit.js';
import {
  artifact,
  at,
  collect,
  index,
  largeLayer,
  type RegistryTrial,
  refused,
  repository,
  same,
  seeded,
} from './means.js';
import type { RegistryUnderTest } from './subject.js';

type Run = (trial: RegistryTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<RegistryUnderTest> => ({ name, level: 'basic', run });

/** References put together by hand, of which nothing may get into an address. */
const oddReferences = [
  { repository: '../app' },
  { repository: 'kit/app/../../x' },
  { repository: 'kit/app?x=1' },
  { repository: 'Kit/App' },
  { repository: '' },
  { tag: '../1.0' },
  { tag: '1.0 x' },
  { tag: '' },
  { digest: 'sha256:abc' },
  { digest: `md5:${'0'.repeat(32)}` },
];

/** Resolve, pull, fetch and tags, with a registry that is as it should be. */
export const readingCases: readonly KitCase<RegistryUnderTest>[] = [
  basic('a tag resolves to the manifest that is there, and its descriptor', async (trial) => {
    const { descriptor, manifest } = seeded(trial);
    const found = await trial.within('resolve', trial.instance.resolve(at(trial, { tag: '1.0' })));
    const { mediaType, digest, size } = found.descriptor;
    trial.equal('the reference', found.reference, at(trial, { tag: '1.0' }));
    trial.equal('the descriptor', { mediaType, digest, size }, descriptor);
    trial.equal('the manifest', found.manifest, manifest);
  }),

  basic('a digest resolves to the same', async (trial) => {
    const { descriptor, manifest } = seeded(trial);
    const reference = at(trial, { digest: descriptor.digest });
    const found = await trial.within('resolve', trial.instance.resolve(reference));
    trial.equal('the digest', found.descriptor.digest, descriptor.digest);
    trial.equal('the manifest', found.manifest, manifest);
  }),

  basic('where tag and digest are both there, the digest decides', async (trial) => {
    const { descriptor, manifest } = seeded(trial, 'one');
    seeded(trial, 'two');
    const reference = at(trial, { tag: '1.0', digest: descriptor.digest });
    const found = await trial.within('resolve', trial.instance.resolve(reference));
    trial.equal('the digest', found.descriptor.digest, descriptor.digest);
    trial.equal('the manifest', found.manifest, manifest);
  }),

  basic('an index of one manifest is that manifest, and one of several is a fault', async (trial) => {
    const [one, two] = [seeded(trial, 'one'), seeded(trial, 'two')];
    index(trial, 'single', [one.descriptor]);
    index(trial, 'several', [one.descriptor, two.descriptor]);
    const found = await trial.within('resolve', trial.instance.resolve(at(trial, { tag: 'single' })));
    trial.equal('the digest', found.descriptor.digest, one.descriptor.digest);
    trial.equal('the manifest', found.manifest, one.manifest);
    await refused(trial, 'resolve of several', trial.instance.resolve(at(trial, { tag: 'several' })));
  }),

  basic('a tag that was moved resolves to what it is at now', async (trial) => {
    for (const text of ['one', 'two', 'one']) {
      const { descriptor } = seeded(trial, text);
      const found = await trial.within('resolve', trial.instance.resolve(at(trial, { tag: '1.0' })));
      trial.equal(`the digest of ${text}`, found.descriptor.digest, descriptor.digest);
    }
  }),

  basic('a blob comes whole, as a stream and as bytes', async (trial) => {
    const { layers } = seeded(trial);
    for (const { descriptor, bytes } of layers) {
      const fetched = await trial.within('fetch', trial.instance.fetch(at(trial), descriptor, bytes.byteLength));
      same(trial, 'what was fetched', fetched, bytes);
      const pulled = await trial.within('pull', collect(trial.instance, at(trial), descriptor));
      same(trial, 'what was pulled', pulled, bytes);
    }
  }),

  basic('a blob of nothing is nothing', async (trial) => {
    const layers = [{ mediaType: 'text/plain', bytes: new Uint8Array() }];
    const { layers: seededLayers } = trial.instance.server.seed(repository, { ...artifact(), layers });
    for (const { descriptor } of seededLayers) {
      const fetched = await trial.within('fetch', trial.instance.fetch(at(trial), descriptor, 0));
      trial.equal('its length', fetched.byteLength, 0);
    }
  }),

  basic('progress never goes back, and ends at the total', async (trial) => {
    const { descriptor, bytes } = largeLayer(seeded(trial));
    const seen: { readonly received: number; readonly total: number }[] = [];
    const progress = (received: number, total: number): void => void seen.push({ received, total });
    await trial.within('pull', collect(trial.instance, at(trial), descriptor, { progress }));
    const size = bytes.byteLength;
    trial.equal('the totals', [...new Set(seen.map(({ total }) => total))], [size]);
    trial.equal('the last', seen.at(-1)?.received, size);
    const grows = seen.every(({ received }, number) => received >= (seen[number - 1]?.received ?? 0));
    trial.holds('the order', grows, 'numbers that grow', seen);
  }),

  basic('what is more than the limit is refused before it is read', async (trial) => {
    const { descriptor, bytes } = largeLayer(seeded(trial));
    const fetched = trial.instance.fetch(at(trial), descriptor, bytes.byteLength - 1);
    await refused(trial, 'fetch', fetched, 'refused');
    const asked = trial.instance.server.requests.filter(({ part, method }) => part === 'blob' && method === 'GET');
    trial.equal('how often the blob was asked for', asked.length, 0);
  }),

  basic('all tags are listed, however many pages they come in', async (trial) => {
    const { server } = trial.instance;
    const tags = Array.from({ length: 10 }, (_, number) => `v${number}.0`);
    for (const tag of tags) server.seed(repository, artifact(), tag);
    for (const pageSize of [1_000, 10, 3, 1]) {
      server.pageSize = pageSize;
      const found = await trial.within('tags', trial.instance.tags(at(trial)));
      trial.equal(`the tags in pages of ${pageSize}`, [...found].sort(), tags);
    }
  }),

  basic('what is not there is not found', async (trial) => {
    const { descriptor, bytes } = largeLayer(seeded(trial));
    const absent = { ...descriptor, digest: `sha256:${'0'.repeat(64)}` };
    const { instance } = trial;
    await refused(trial, 'resolve', instance.resolve(at(trial, { tag: '9.9' })), 'not-found');
    await refused(trial, 'resolve', instance.resolve(at(trial, { digest: absent.digest })), 'not-found');
    await refused(trial, 'resolve', instance.resolve(at(trial, { repository: 'kit/none', tag: '1.0' })), 'not-found');
    await refused(trial, 'fetch', instance.fetch(at(trial), absent, bytes.byteLength), 'not-found');
    await refused(trial, 'pull', collect(instance, at(trial), absent), 'not-found');
    await refused(trial, 'tags', instance.tags(at(trial, { repository: 'kit/none' })), 'not-found');
  }),

  basic('a reference that is none is invalid, and nobody is asked', async (trial) => {
    seeded(trial);
    for (const odd of oddReferences) {
      const reference = at(trial, { ...('tag' in odd || 'digest' in odd ? {} : { tag: '1.0' }), ...odd });
      await refused(trial, `resolve of ${JSON.stringify(odd)}`, trial.instance.resolve(reference), 'invalid');
    }
    await refused(trial, 'resolve of neither tag nor digest', trial.instance.resolve(at(trial)), 'invalid');
    trial.equal('what the registry was asked', trial.instance.server.requests.length, 0);
  }),
];
