import type { Installation } from '../installation.js';
import { kinds, type ScaffoldKind } from './kinds.js';
import type { Names } from './names.js';

/** The package.json of a new plugin: it is written with what this Tutti is written with. */
export function packageFile(kind: ScaffoldKind, names: Names, { version, devDependencies }: Installation): string {
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
    devDependencies: Object.fromEntries(tools),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}
