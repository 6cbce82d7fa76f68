import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reclaim, workspace } from '../parts/workspace.js';
import { root } from './markdown.js';
import type { Place } from './shell.js';

/** The ports that pages name. Each page gets others in their stead, so that pages can run at the same time. */
export const writtenPorts = [8443, 9443, 8883, 8080] as const;

/** A fresh clone that is installed and built, for the commands of one page. */
export interface Clone extends Place {
  /** Text of a page as it has to be here: with the ports of this clone. */
  adapted(text: string): string;
  /** Text from here as the page would have it. */
  asWritten(text: string): string;
  /** Writes a file, adapted, and its folders. @returns its path */
  write(file: string, text: string): string;
  /** Ends every process that works in it, and deletes it. */
  remove(): Promise<void>;
}

/** Where the runner keeps what is its own. */
const own = '.page';

export async function clone(ports: readonly number[]): Promise<Clone> {
  const directory = workspace('docs');
  const adapted = replacer(new Map(writtenPorts.map((written, at) => [String(written), String(ports[at])])));
  const asWritten = replacer(new Map(writtenPorts.map((written, at) => [String(ports[at]), String(written)])));
  const write = (file: string, text: string): string => {
    const path = join(directory, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, adapted(text));
    return path;
  };
  if (!existsSync(join(root, 'dist/cli/main.js'))) throw new Error('there is no program to run; first: npm run build');
  for (const name of ['package.json', 'tsconfig.json']) cpSync(join(root, name), join(directory, name));
  // The program is copied, not linked: Node looks for modules from where a file really lies.
  for (const name of ['dist', 'plugins']) {
    await cp(join(root, name), join(directory, name), {
      recursive: true,
      filter: (path) => !path.includes('node_modules') && !path.endsWith('.map'),
    });
  }
  for (const folder of ['config', 'cli/demo', 'cli/scaffold/templates']) copyAdapted(folder, write);
  copyAdapted('plugins', write, 'profile.yaml');
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  write(`${own}/bin/tutti`, `#!/bin/sh\nexec "${process.execPath}" "${directory}/dist/cli/main.js" "$@"\n`);
  chmodSync(join(directory, own, 'bin/tutti'), 0o755);
  return {
    directory,
    adapted,
    asWritten,
    write,
    env: {
      PATH: [join(directory, own, 'bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(':'),
      HOME: join(directory, own),
      TUTTI_SERVER: `https://localhost:${ports[0]}`,
      NO_COLOR: '1',
      // What a page runs has to be here already; nothing is fetched.
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
    },
    remove: () => reclaim(directory),
  };
}

/** @param named only the files of this name */
function copyAdapted(folder: string, write: (file: string, text: string) => string, named?: string): void {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || (named ?? entry.name) !== entry.name) continue;
    if (entry.parentPath.includes('node_modules')) continue;
    const path = join(entry.parentPath, entry.name);
    write(path.slice(root.length + 1), readFileSync(path, 'utf8'));
  }
}

function replacer(table: ReadonlyMap<string, string>): (text: string) => string {
  const any = new RegExp(`\\b(?:${[...table.keys()].join('|')})\\b`, 'g');
  return (text) => text.replace(any, (found) => table.get(found) ?? found);
}
