import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the folder with what isolates run, bundled from the sources of this run; and the toy, compiled. */
    readonly programs: string;
  }
}

/** Compiling the sources anew is nearly all of what an isolate takes to start: they are bundled once, for all tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cache = join(root, '.cache');
  await mkdir(cache, { recursive: true });
  // Within the repository, so that libraries are found from there.
  const folder = await mkdtemp(join(cache, 'isolates-'));
  // As in the built program, where modules that are shipped find each other from there.
  const programs = join(folder, 'dist');
  await build({
    absWorkingDir: root,
    entryPoints: {
      'core/isolation/isolate': 'core/isolation/isolate.ts',
      'cli/builtins': 'cli/builtins.ts',
      toy: 'test/isolation/toy/index.ts',
    },
    alias: { 'tutti/plugin': join(root, 'core', 'plugin', 'index.ts') },
    outdir: programs,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'linked',
    logLevel: 'warning',
  });
  project.provide('programs', `${pathToFileURL(programs).href}/`);
  return () => rm(folder, { recursive: true });
}
