import { join, resolve } from 'node:path';
import { didYouMean } from '../../core/plugin/suggest.js';
import { invalid } from '../failure.js';
import { installation } from '../installation.js';
import { isScaffoldKind, kinds } from '../scaffold/kinds.js';
import { namesOf } from '../scaffold/names.js';
import { FolderTaken, scaffold } from '../scaffold/scaffold.js';
import type { Terminal } from '../terminal.js';

export interface PluginNewOptions {
  readonly dir?: string;
}

/** `tutti plugin new KIND NAME` */
export async function newPlugin(
  terminal: Terminal,
  kind: string,
  name: string,
  { dir }: PluginNewOptions,
): Promise<void> {
  if (!isScaffoldKind(kind)) {
    const all = Object.keys(kinds);
    const near = didYouMean(kind, all);
    const advice = near === undefined ? `there are: ${all.join(', ')}` : `did you mean "${near}"?`;
    throw invalid(`there is no kind "${kind}" of plugin`, advice);
  }
  const names = namesOf(kind, name);
  if (typeof names === 'string') throw invalid(names, `such as: tutti plugin new ${kind} my-${kind}`);
  const folder = dir ?? names.folder;
  const files = await scaffold({ kind, names, folder: resolve(folder), installation: installation() }).catch(
    (error: unknown) => {
      if (!(error instanceof FolderTaken)) throw error;
      throw invalid(`${folder} is there already, and nothing is overwritten`, 'choose another folder: --dir FOLDER');
    },
  );
  terminal.out(
    `${folder} is a package with ${kind}.${names.short}: ${files.join(', ')}

Run it from here, as it is:
  npx tutti run ${join(folder, 'profile.yaml')}
Test what it promises:
  npx tutti plugin test ${folder}
Tutti in its own folder too, with types for your editor:
  cd ${folder}
  npm install
  npm test`,
  );
  terminal.next(`npx tutti run ${join(folder, 'profile.yaml')}`);
}
