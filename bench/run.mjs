/**
 * `npm run bench`: makes what it needs, measures, prints. Without arguments everything is measured:
 * `npm run bench -- polls`, `npm run bench -- instances start -o json`; `npm run bench -- --help` has the options.
 * Imports nothing outside of Node until the dependencies are there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = ['core', 'vendors', 'managers', 'providers', 'cli', 'package.json', 'tsconfig.build.json', 'build.mjs'];
process.chdir(root);

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

/** Why `npm ci` is due, or `undefined`: what npm says it installed against what the lock asks for. */
function staleDependency() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return 'not installed';
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
