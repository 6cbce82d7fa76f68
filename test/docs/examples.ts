import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tuttiVersion } from '../../cli/version.js';
import { loadPlugin } from '../../core/plugin/loader.js';
import { DefinitionRegistry } from '../../core/plugin/registry.js';
import type { Block } from './markdown.js';
import type { Clone } from './place.js';

/** As strict as the projects that `tutti plugin new` makes. */
const compilerOptions = {
  target: 'es2023',
  lib: ['es2023'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
  // A package of its own has `tutti` once it is installed beside it, which no page does.
  paths: {
    'tutti/plugin': ['./dist/core/plugin/index.d.ts'],
    'tutti/testing': ['./dist/core/testing/index.d.ts'],
  },
};

/** Examples must have right types, against what is built; those that export a plugin must load. */
export async function checkExamples(place: Clone, blocks: readonly Block[]): Promise<void> {
  const examples = blocks.map((block) => {
    const { language, line, marks, text } = block;
    const file = marks.get('file') ?? `line-${line}.${language}`;
    // One with a name of its own has been written where the page came to it, and may have been changed since.
    const path = join(place.directory, file);
    return { block, path: existsSync(path) ? path : place.write(file, text) };
  });
  if (examples.length === 0) return;
  const files = examples.filter(({ block }) => block.language === 'ts').map(({ path }) => path);
  place.write('tsconfig.examples.json', JSON.stringify({ compilerOptions, files }));
  const tsc = join(place.directory, 'node_modules/typescript/bin/tsc');
  if (files.length > 0) {
    await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.examples.json'], { cwd: place.directory }).catch(
      (cause: { stdout: string }) => {
        throw new Error(`${blocks[0]?.page}: its examples have faults of types:\n${cause.stdout}`, { cause });
      },
    );
  }
  for (const { block, path } of examples) {
    if (!/^export default define/m.test(block.text)) continue;
    const registry = new DefinitionRegistry();
    registry.add(await loadPlugin(path, { from: path }), tuttiVersion());
  }
}
