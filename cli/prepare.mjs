/**
 * What `npm run demo`, `npm test` and `npm run bench` look at before anything of the project can be imported. Imports
 * nothing outside of Node.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const oldestNode = [20, 19];

/** The folder of package.json. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Ends the process with a word on it when this Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  console.error(`Node ${oldestNode.join('.')} or newer is needed; this is ${process.versions.node}`);
  process.exit(1);
}

/**
 * Why `npm ci` is due, or `undefined`. Compares what npm says it installed with what the lock asks for: file times say
 * nothing after a checkout, and a needless `npm ci` pulls the modules away from under everything that runs.
 */
export function staleDependency() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return 'there are none yet';
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const have = packages(installed);
  for (const [path, wanted] of Object.entries(packages(join(root, 'package-lock.json')))) {
    if (path === '' || wanted.link === true) continue;
    const found = have[path];
    if (found === undefined && wanted.optional === true) continue;
    if (found?.version !== wanted.version) return `${path} is ${found?.version ?? 'missing'}, not ${wanted.version}`;
  }
  return undefined;
}
