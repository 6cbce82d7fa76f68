import { statfs } from 'node:fs/promises';
import { type TargetFacts, z } from '../../../core/plugin/index.js';
import type { Engine } from './engine.js';

const info = z.object({
  NCPU: z.number(),
  MemTotal: z.number(),
  Architecture: z.string(),
  DockerRootDir: z.string(),
});

/** As the kernel names them, to the names of the OCI image specification. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  armv6l: 'arm',
  i686: '386',
};

/** What the engine's machine offers. Storage is that of the engine's data, zero when its directory cannot be seen. */
export async function targetFacts(engine: Engine): Promise<TargetFacts> {
  const { NCPU, MemTotal, Architecture, DockerRootDir } = info.parse(await engine.call((client) => client.info()));
  return {
    cpus: [{ cores: NCPU, architecture: architectures[Architecture] ?? Architecture }],
    memory: kibibytes(MemTotal),
    storage: kibibytes(await size(DockerRootDir)),
  };
}

async function size(directory: string): Promise<number> {
  try {
    const { blocks, bsize } = await statfs(directory);
    return blocks * bsize;
  } catch (error) {
    // An engine on another machine, or one whose data we may not look at.
    if (['ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`;
}
