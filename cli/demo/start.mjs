/**
 * `npm run demo`: makes what the demo needs, then runs it. Imports nothing outside of Node until the dependencies are there.
 * Options after `--`: --exit, --runtime process|docker, --data DIRECTORY.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { requireNode, root, staleDependency } from '../prepare.mjs';

process.chdir(root);
requireNode();

const stale = staleDependency();
if (stale !== undefined) make('installing dependencies', stale, 'npm', ['ci', '--no-audit', '--no-fund']);
const unbuilt = staleBuild();
if (unbuilt !== undefined) make('building', unbuilt, 'npm', ['run', '--silent', 'build']);

const demo = spawn(process.execPath, [join('dist', 'cli', 'demo', 'demo.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// A terminal tells the demo itself; who sends a signal to this process alone means the demo too.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill(signal));
process.on('SIGINT', () => undefined);
demo.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));

function make(what, why, command, args) {
  const began = performance.now();
  console.log(`${what} (${why}) ...`);
  // What npm says is only wanted when it goes wrong.
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) {
    console.error(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
    console.error(`${what} failed: ${command} ${args.join(' ')}`);
    process.exit(1);
  }
  console.log(`${what}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

/** Why a build is due, or `undefined`: a source is newer than what was made of it. */
function staleBuild() {
  if (!existsSync(join('dist', 'cli', 'demo', 'demo.js'))) return 'there is none yet';
  for (const room of ['core', 'vendors', 'managers', 'providers', 'cli']) {
    for (const entry of readdirSync(room, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) continue;
      const source = join(entry.parentPath, entry.name);
      if (source.split(/[\\/]/).includes('testdata')) continue;
      // The types of each source are made with the program, which is a few files from all of them.
      const made = join('dist', source.replace(/\.ts$/, '.d.ts'));
      if (!existsSync(made)) return `${made} is missing`;
      if (statSync(source).mtimeMs > statSync(made).mtimeMs) return `${source} has changed`;
    }
  }
  return undefined;
}
