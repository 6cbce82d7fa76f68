import type { KitCase } from '../kit.js';
import { artifact, at, collect, repository, same } from './means.js';
import { misbehaviours } from './server/index.js';
import type { RegistryUnderTest } from './subject.js';

/** Many who read at once. */
export const concurrentCases: readonly KitCase<RegistryUnderTest>[] = [
  {
    name: 'many blobs are pulled at once, each as it is',
    level: 'concurrent',
    async run(trial) {
      const layers = Array.from({ length: 20 }, (_, number) => ({
        mediaType: 'application/octet-stream',
        bytes: Buffer.alloc(100_000 + number, `${number} `),
      }));
      const seeded = trial.instance.server.seed(repository, { ...artifact(), layers });
      const pulls = seeded.layers.map(({ descriptor }) => collect(trial.instance, at(trial), descriptor));
      const pulled = await trial.within('the pulls', Promise.all(pulls));
      for (const [number, { bytes }] of layers.entries()) {
        same(trial, `blob ${number}`, pulled[number] ?? new Uint8Array(), bytes);
      }
    },
  },
  {
    name: 'who reads slowly, or not at all, holds up nobody',
    level: 'concurrent',
    async run(trial) {
      const { server } = trial.instance;
      const layers = [{ mediaType: 'application/octet-stream', bytes: Buffer.alloc(1_000_000, 'slow') }];
      const [layer] = server.seed(repository, { ...artifact(), layers }, '1.0').layers;
      if (!layer) throw new Error('an artifact of this case has a layer');
      const slow = trial.instance.pull(at(trial), layer.descriptor)[Symbol.asyncIterator]();
      await trial.within('the first bytes', slow.next());
      server.misbehave('tags', misbehaviours.silent);
      const gone = new AbortController();
      const silent = trial.instance.tags(at(trial), { signal: gone.signal }).catch(() => undefined);
      for (let time = 0; time < 5; time += 1) {
        const found = await trial.within('resolve', trial.instance.resolve(at(trial, { tag: '1.0' })));
        trial.equal('the layers', found.manifest.layers.length, 1);
      }
      gone.abort();
      await silent;
      await slow.return?.();
    },
  },
];
