import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ICruiseResult } from 'dependency-cruiser';
import { page } from './text.js';

/** Who imports whom: from a file of the first to one of the second. */
export type Edge = readonly [string, string];

const rooms = ['core', 'managers', 'providers', 'vendors', 'cli', 'plugins'];

/** Every import between files of ours, tests apart. */
export async function importsOf(root: string): Promise<readonly Edge[]> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const words = [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...rooms];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root, maxBuffer: 256 * 1024 * 1024 });
  const { modules } = JSON.parse(stdout) as ICruiseResult;
  const isTest = (file: string): boolean => /\.test\.ts$|\/testdata\//.test(file);
  return modules
    .filter(({ source }) => !isTest(source))
    .flatMap(({ source, dependencies }) =>
      dependencies.map(
        ({ resolved, module }): Edge => [
          source,
          // What the author of a plugin imports is the core by its public name.
          module.startsWith('tutti/') ? `core/${module.slice('tutti/'.length)}/` : resolved,
        ],
      ),
    )
    .filter((edge) => edge.every((file) => rooms.some((room) => file.startsWith(`${room}/`))));
}

/** The picture of the house: its rooms, the bindings apart from the other vendors. */
export function roomsPicture(imports: readonly Edge[]): string {
  return picture(imports, (file) =>
    /^vendors\/(?:http|grpc|mqtt)\//.test(file) ? 'bindings' : (file.split('/', 1)[0] ?? file),
  );
}

export function dependenciesPage(imports: readonly Edge[]): string {
  const folderIn = (room: string) => (file: string) =>
    file.startsWith(`${room}/`) && file.split('/').length > 2 ? file.split('/')[1] : undefined;
  return page(
    'Who knows whom',
    'An arrow goes from who imports to what is imported, tests apart. What may be there and what may not is the rule of the house, checked by `npm run house`: [architecture](../architecture.md).',
    '## The rooms',
    roomsPicture(imports),
    '## Inside the core',
    picture(imports, folderIn('core')),
    '## The managers',
    picture(imports, folderIn('managers')),
    '## The vendors',
    picture(imports, folderIn('vendors')),
  );
}

/** @param nodeOf the node that a file belongs to; `undefined` for one that is not in the picture */
function picture(imports: readonly Edge[], nodeOf: (file: string) => string | undefined): string {
  const lines = imports.flatMap(([from, to]) => {
    const [one, other] = [nodeOf(from), nodeOf(to)];
    return one === undefined || other === undefined || one === other ? [] : [`  ${one} --> ${other}`];
  });
  return `\`\`\`mermaid\nflowchart TD\n${[...new Set(lines)].toSorted().join('\n')}\n\`\`\``;
}
