/**
 * `npm test`: makes what it needs, checks, builds, tests, and ends with one line `N passed, N failed`.
 * Arguments are filters and options of vitest: `npm test -- core/profile -t 'did you mean'`.
 * Imports nothing outside of Node until the dependencies are there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const oldestNode = [20, 19];
process.chdir(root);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
  console.error(`Node ${oldestNode.join('.')} or newer is needed; this is ${process.versions.node}`);
  process.exit(1);
}

const stale = staleDependency();
if (stale !== undefined) {
  console.log(`dependencies: ${stale}; npm ci ...`);
  if (!command('npm', 'ci')) await finish({ passed: 0, failed: 1, skipped: 0 });
}

const steps = [
  ['check', 'npm', 'run', '--silent', 'check'],
  ['build', 'npm', 'run', '--silent', 'build'],
];
const broken = steps.filter(([name, ...line]) => !timed(name, () => command(...line))).map(([name]) => name);

const { parseCLI, startVitest } = await import('vitest/node');
const { ClosingReporter } = await import('./closing-reporter.mjs');
const closing = new ClosingReporter();
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const vitest = await startVitest('test', filter, { ...options, watch: false, reporters: ['default', closing] });
await vitest.close();

for (const name of broken) console.error(`FAILED  ${name}: see its output above`);
closing.report();
await finish({ ...closing.counts, failed: closing.counts.failed + broken.length });

/** The closing line, alone, the last thing on standard output; then the end. */
async function finish({ passed, failed, skipped }) {
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  await new Promise((written) => process.stdout.write(`${line}\n`, written));
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}

function command(name, ...args) {
  return spawnSync(name, args, { stdio: 'inherit' }).status === 0;
}

function timed(name, work) {
  const began = performance.now();
  const done = work();
  console.log(`${done ? 'ok' : 'FAILED'}  ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  return done;
}

/**
 * Why `npm ci` is due, or `undefined`. Compares what npm says it installed with what the lock asks for: file times say
 * nothing after a checkout, and a needless `npm ci` pulls the modules away from under everything that runs.
 */
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
