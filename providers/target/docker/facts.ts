import { statfs } from 'node:fs/promises';
import { type TargetFacts, type TargetRuntime, z } from '../../../core/plugin/index.js';
import type { Engine } from './engine.js';

const info = z.object({
  NCPU: z.number(),
  MemTotal: z.number(),
  Architecture: z.string(),
  DockerRootDir: z.string(),
});

const version = z.object({
  Version: z.string(),
  Components: z.array(z.object({ Name: z.string() })).default([]),
});

/** As the kernel names them, to the names of the OCI image specification. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  armv6l: 'arm',
  i686: '386',
};

/**
 * What the engine's machine offers. Storage is the file system of the engine's data; when that cannot be seen, the one of
 * our own, which is the best guess there is: nothing at all would make the device fit for no workload.
 */
export async function targetFacts(engine: Engine, ownDirectory: string): Promise<TargetFacts> {
  const [machine, runtime] = await Promise.all([engine.call((client) => client.info()), runtimeOf(engine)]);
  const { NCPU, MemTotal, Architecture, DockerRootDir } = info.parse(machine);
  return {
    cpus: [{ cores: NCPU, architecture: architectures[Architecture] ?? Architecture }],
    memory: kibibytes(MemTotal),
    storage: kibibytes((await size(DockerRootDir)) ?? (await size(ownDirectory)) ?? 0),
    runtime,
  };
}

/** `docker`, or `podman` where that answers in its place. */
async function runtimeOf(engine: Engine): Promise<TargetRuntime> {
  const { Version, Components } = version.parse(await engine.call((client) => client.version()));
  const name = Components.some((part) => part.Name.startsWith('Podman')) ? 'podman' : 'docker';
  return { name, version: Version };
}

async function size(directory: string): Promise<number | undefined> {
  try {
    const { blocks, bsize } = await statfs(directory);
    return blocks * bsize;
  } catch (error) {
    // An engine on another machine, or one whose data we may not look at.
    if (['ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`;
}
