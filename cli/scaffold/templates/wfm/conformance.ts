import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json, StatusReport } from 'tutti/plugin';
import { conformance, type FleetSide, KitSkip } from 'tutti/testing';
import definition from './index.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The stick by the other door: as the fleet manager writes and reads it. */
function sideAt(folder: string): FleetSide {
  let changes = 0;
  const put = async (file: string, bytes: Uint8Array): Promise<void> => {
    await writeFile(join(folder, `${file}.new`), bytes);
    await rename(join(folder, `${file}.new`), join(folder, file));
  };
  const blob = async (text: string) => {
    const bytes = Buffer.from(text);
    await put(`blobs/sha256-${sha256(bytes)}`, bytes);
    return { digest: `sha256:${sha256(bytes)}`, bytes };
  };
  return {
    change: async () => {
      changes += 1;
      const bundle = await blob(`bundle ${changes}`);
      const deployment = { id: `deployment-${changes}`, ...(await blob(`deployment ${changes}`)) };
      const manifest = Buffer.from(`{ "manifestVersion": ${changes},  "bundle": "${bundle.digest}" }`);
      await put('manifest.json', manifest);
      return { manifest, etag: sha256(manifest), bundle, deployment };
    },
    disturb: async (how) => {
      if (how === 'away') await rename(folder, `${folder}.away`);
      else if (how === undefined) await rename(`${folder}.away`, folder);
      else throw new KitSkip(`a stick cannot be ${how}`);
    },
    asked: async () => {
      throw new KitSkip('a stick does not notice who reads it');
    },
    clients: async () => ['device'],
    capabilities: async () => {
      const files = await readdir(folder);
      if (!files.includes('capabilities.json')) return undefined;
      return JSON.parse(await readFile(join(folder, 'capabilities.json'), 'utf8')) as Record<string, Json>;
    },
    reports: async () => {
      const files = await readdir(join(folder, 'status'));
      const texts = await Promise.all(files.map((file) => readFile(join(folder, 'status', file), 'utf8')));
      const lines = texts.flatMap((text) => text.split('\n').slice(0, -1));
      return lines.map((line) => JSON.parse(line) as StatusReport);
    },
  };
}

export default conformance({
  definition,
  wfm: {
    capabilitiesOf: (number) => ({ number }),
    side: async (dataDir) => {
      const folder = join(dataDir, 'my-wfm');
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await mkdir(join(folder, 'status'));
      return { side: sideAt(folder), close: async () => undefined };
    },
  },
});
