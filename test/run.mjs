/**
 * `npm test`: makes what it needs, checks, builds, tests, and ends with one line `N passed, N failed`.
 * Arguments are filters and options of vitest: `npm test -- core/profile -t 'did you mean'`.
 * Imports nothing outside of Node until the dependencies are there.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { requireNode, root, staleDependency } from '../cli/prepare.mjs';

process.chdir(root);
requireNode();

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
