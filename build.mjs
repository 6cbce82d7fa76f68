/**
 * `npm run build`: types by tsc, and the program with the libraries that it always needs as a few files. Loading more than
 * a thousand small modules took longer than everything that they do until a host is ready.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const out = join(root, 'dist');
const chunks = join(out, 'chunks');
process.chdir(root);

const types = spawnSync(
  process.execPath,
  [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
  {
    stdio: 'inherit',
  },
);
// What has faulty types may still be tried; it has not been built well, though.
if (types.status !== 0) process.exitCode = types.status ?? 1;

/**
 * What is imported from outside shares its code with the program: a plugin throws the `TargetFault` that the host knows.
 * The keys are where each stands in `dist`.
 */
const entryPoints = {
  'cli/main': 'cli/main.ts',
  'cli/demo/demo': 'cli/demo/demo.ts',
  'core/plugin/index': 'core/plugin/index.ts',
  'core/testing/index': 'core/testing/index.ts',
  // A program of its own, for entries that run in a thread or process of theirs.
  'core/isolation/isolate': 'core/isolation/isolate.ts',
  // What such a program imports for entries that are built in.
  'cli/builtins': 'cli/builtins.ts',
  // Programs of their own, which kits start to kill them: they lie beside the file that the kits become part of.
  'core/testing/crash-writer': 'core/testing/state/crash-writer.ts',
  'core/testing/crash-publisher': 'core/testing/events/crash-publisher.ts',
  'core/testing/crash-holder': 'core/testing/lock/crash-holder.ts',
  'core/testing/crash-worker': 'core/testing/queue/crash-worker.ts',
  'core/testing/crash-agent': 'core/testing/target/crash-agent.ts',
};

/** Libraries that stay as they are installed: most hosts never load them, or they load files of their own. */
const external = [
  '@grpc/grpc-js',
  '@grpc/reflection',
  '@peculiar/x509',
  '@photostructure/sqlite',
  'aedes',
  'chokidar',
  'cli-table3',
  'dockerode',
  'fast-check',
  'jiti',
  'jose',
  'grpc-health-check',
  'ioredis',
  'listr2',
  'mqtt',
  'protobufjs',
  'protobufjs/*',
  'reflect-metadata',
  'undici',
];

/** esbuild would drop `import 'node:tls'`, which is there for what it does: Node 20 needs it before a certificate is read. */
const nodeModules = {
  name: 'node-modules-have-effects',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true, sideEffects: true }));
  },
};

const { outputFiles, metafile } = await build({
  entryPoints,
  external,
  outdir: out,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: 'linked',
  // Its edition of ES modules: only what is used of it is loaded, and `import('yaml')` has its names.
  alias: { yaml: join(root, 'node_modules', 'yaml', 'browser', 'index.js') },
  // CommonJS libraries ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);",
  },
  plugins: [nodeModules],
  metafile: true,
  write: false,
  logLevel: 'warning',
});

// Entries last, each put in place as a whole: somebody may be starting the program meanwhile.
const isEntry = (path) => !path.startsWith(chunks);
for (const { path, contents } of outputFiles.toSorted((a, b) => Number(isEntry(a.path)) - Number(isEntry(b.path)))) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, contents);
  if (path === join(out, 'cli', 'main.js')) chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
}
removeOldFiles(new Set(outputFiles.map(({ path }) => path)));

const testing = metafile.outputs[relative(root, join(out, 'core', 'testing', 'index.js'))];
const starters = ['core/testing/state/crash.ts', 'core/testing/events/crash.ts', 'core/testing/target/killable.ts'];
for (const starter of starters) {
  if (starter in (testing?.inputs ?? {})) continue;
  console.error(`${starter} is not part of dist/core/testing/index.js, and would not find the program that it starts`);
  process.exit(1);
}

/** Chunks of earlier builds, but not at once: a host that runs may still load a part of its own. */
function removeOldFiles(kept) {
  const anHourAgo = Date.now() - 3_600_000;
  for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !/\.js(?:\.map)?$/.test(entry.name) || kept.has(path)) continue;
    if (statSync(path).mtimeMs < anHourAgo) rmSync(path);
  }
}
