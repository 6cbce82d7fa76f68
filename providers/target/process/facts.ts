import { statfs } from 'node:fs/promises';
import os from 'node:os';
import type { TargetFacts } from '../../../core/ports/index.js';

/** Node's names of architectures where Margo has one of its own. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm' };
const mebibyte = 1024 * 1024;

/** What this machine offers. Storage is the whole file system that holds `directory`. */
export async function factsOf(directory: string): Promise<TargetFacts> {
  const { blocks, bsize } = await statfs(directory);
  return {
    cpus: [{ cores: os.availableParallelism(), architecture: architectures[os.arch()] ?? os.arch() }],
    memory: `${Math.floor(os.totalmem() / mebibyte)}Mi`,
    storage: `${Math.floor((blocks * bsize) / mebibyte)}Mi`,
  };
}
