import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../core/testing/index.js';
import type { Engine } from './engine.js';
import { ProjectFolders } from './project-folders.js';
import { PulledImages } from './pulled-images.js';

it('removes an image later whose removal the engine refused', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-images-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  let refuses = true;
  const removed: string[] = [];
  const client = {
    listContainers: async () => [],
    getImage: (name: string) => ({
      inspect: async () => ({ RepoTags: ['box:1'] }),
      remove: async () => {
        if (refuses) throw new Error('not now');
        removed.push(name);
      },
    }),
  };
  const call = <T>(work: (of: typeof client) => Promise<T>): Promise<T> => work(client);
  const log = silentLogger();
  const images = new PulledImages({
    // All that is called of it.
    engine: { call, found: call } as unknown as Engine,
    folders: new ProjectFolders(directory, log),
    ...{ directory, log, prune: 'after-success' },
  });
  await images.using((pulled) => pulled('box:1', 'sha256:1'));
  await images.prune();
  refuses = false;
  await images.prune();
  expect(removed).toEqual(['box:1']);
});
