import { relative, sep } from 'node:path';
import type { Installation } from '../installation.js';
import { kinds, type ScaffoldKind } from './kinds.js';
import type { Names } from './names.js';

/**
 * The package.json of a new plugin: it is written with what this Tutti is written with, and tried with this Tutti.
 *
 * @param folder of the new package, absolute
 */
export function packageFile(kind: ScaffoldKind, names: Names, folder: string, tutti: Installation): string {
  const { version, devDependencies } = tutti;
  const tools = ['@types/node', 'typescript'].map((name) => [name, devDependencies[name]]);
  const content = {
    name: names.package,
    version: '0.1.0',
    description: kinds[kind],
    type: 'module',
    exports: './index.ts',
    keywords: ['tutti-plugin'],
    scripts: { build: 'tsc', test: 'tutti plugin test .' },
    peerDependencies: { tutti: `>=${version}` },
    devDependencies: Object.fromEntries([...tools, ['tutti', sourceOf(tutti, folder)]]),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** Where npm gets this Tutti: from a registry as it was got before, or from the folder of a clone. */
function sourceOf({ folder: from, version }: Installation, to: string): string {
  const isInstalled = from.split(sep).includes('node_modules');
  return isInstalled ? `^${version}` : `file:${relative(to, from).replaceAll(sep, '/')}`;
}
