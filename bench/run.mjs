/**
 * `npm run bench`: makes what it needs, measures, prints. Without arguments everything is measured:
 * `npm run bench -- polls`, `npm run bench -- instances start -o json`; `npm run bench -- --help` has the options.
 * Imports nothing outside of Node until the dependencies are there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { requireNode, root, staleDependency } from '../cli/prepare.mjs';

const sources = ['core', 'vendors', 'managers', 'providers', 'cli', 'package.json', 'tsconfig.build.json', 'build.mjs'];
process.chdir(root);
requireNode();

const stale = staleDependency();
if (stale !== undefined) prepare(`dependencies: ${stale}; npm ci ...`, 'ci');
if (newest(sources) > newest(['dist'])) prepare('building ...', 'run', '--silent', 'build');

const { status } = spawnSync(
  process.execPath,
  ['--expose-gc', '--import', 'tsx', 'bench/main.ts', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);

/** Standard output is for results. */
function prepare(what, ...npm) {
  console.error(what);
  const done = spawnSync('npm', npm, { stdio: ['ignore', process.stderr, process.stderr] });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

/** The newest time of a file below any of `paths`, in milliseconds; a build writes all its files anew. */
function newest(paths) {
  const times = paths.flatMap((path) => {
    if (!existsSync(path)) return [];
    if (!statSync(path).isDirectory()) return [statSync(path).mtimeMs];
    return readdirSync(path, { recursive: true })
      .filter((file) => /\.(?:ts|js)$/.test(file) && !file.endsWith('.test.ts'))
      .map((file) => statSync(join(path, file)).mtimeMs);
  });
  return times.reduce((a, b) => Math.max(a, b), 0);
}
