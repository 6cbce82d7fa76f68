import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { executable } from './tools.js';

/** Programs that are built here because no package has them. */
export interface Built<P extends string> {
  readonly programs: readonly P[];
  /** The program's absolute path, or `undefined` while it is not built. */
  find(program: P): string | undefined;
  /** @throws when it is not built, which `part()` has ruled out */
  path(program: P): string;
  /**
   * Builds and keeps them: `build` is given a directory to work in, and one in which it leaves the programs. What a
   * killed build left in the first is there for the next.
   */
  make(build: (work: string, programs: string) => Promise<void>): Promise<void>;
}

/** Outside of the work tree: minutes of work that a fresh clone need not do again. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tutti/parts');

/** @param recipe all that decides how they are made; what is made by another recipe is not found */
export function builtPrograms<P extends string>(
  name: string,
  recipe: { readonly version: string; readonly programs: readonly P[] },
): Built<P> {
  const digest = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  const folder = join(cache, `${name}-${recipe.version}-${digest}`);
  const file = (program: P): string => join(folder, program);
  return {
    programs: recipe.programs,
    find: (program) => (executable(file(program)) ? file(program) : undefined),
    path(program) {
      if (!executable(file(program))) throw new Error(`${file(program)} is not built`);
      return file(program);
    },
    async make(build) {
      const work = `${folder}.work`;
      const made = join(work, 'bin');
      mkdirSync(made, { recursive: true });
      await build(work, made);
      // Renamed when complete, so that a folder that is there is whole.
      rmSync(folder, { recursive: true, force: true });
      renameSync(made, folder);
      rmSync(work, { recursive: true, force: true });
    },
  };
}
