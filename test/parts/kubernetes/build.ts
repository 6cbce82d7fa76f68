import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { openArchive } from '../archive.js';
import { executable, must } from '../tools.js';
import { debianGo } from './go.js';
import { generateOpenApi } from './open-api.js';

const commands = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'] as const;
export type Command = (typeof commands)[number];

/** How the programs are made; whatever is changed here makes them anew. */
const recipe = {
  /** Of Debian bookworm, which has the source but no package of these programs. */
  version: '1.20.5+really1.20.2',
  commands,
  /** No clouds and no Docker: their SDKs are a ninth of all packages to compile, and half of their text. */
  tags: ['providerless', 'dockerless'],
  /** What the programs answer when asked for their version: the release that the source is of. */
  release: { gitVersion: 'v1.20.2', gitMajor: '1', gitMinor: '20', gitTreeState: 'archive' },
  revision: 1,
} as const;

/** What the build needs of Debian: its Go 1.19, since the source does not build with any newer one. */
export const buildPackages = ['dpkg-dev', 'golang-go', 'golang-github-modern-go-reflect2-dev'] as const;

/** Outside of the work tree: minutes of work that a fresh clone need not do again. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tutti/parts');
const digest = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
const folder = join(cache, `kubernetes-${recipe.version}-${digest}`);

/** A program of Kubernetes, as an absolute path, or `undefined` while it is not built. */
export function findBuilt(name: string): string | undefined {
  const file = join(folder, name);
  return executable(file) ? file : undefined;
}

/** @throws when it is not built, which `part()` has ruled out */
export function built(name: Command): string {
  const found = findBuilt(name);
  if (found === undefined) throw new Error(`${name} is not built`);
  return found;
}

/**
 * Builds Kubernetes from Debian's source package, which brings all that it imports, and keeps the programs.
 * A build that was killed goes on where it was.
 */
export async function buildKubernetes(say: (line: string) => void): Promise<void> {
  const work = `${folder}.work`;
  const source = join(work, 'go/src/k8s.io/kubernetes');
  const programs = join(work, 'bin');
  mkdirSync(programs, { recursive: true });
  if (!existsSync(source)) await unpackSource(work, source);
  const go = debianGo(work, source);
  await generateOpenApi(work, source, go);
  const variables = ['component-base/version', 'client-go/pkg/version']
    .map((name) => `k8s.io/kubernetes/vendor/k8s.io/${name}`)
    .flatMap((place) => Object.entries(recipe.release).map(([name, value]) => `-X ${place}.${name}=${value}`))
    .join(' ');
  const tags = ['-tags', recipe.tags.join(',')];
  const packages = recipe.commands.map((name) => `./cmd/${name}`);
  const total = (await go(['list', '-deps', ...tags, ...packages])).trim().split('\n').length;
  let done = 0;
  const progress = setInterval(() => say(`parts: kubernetes: compiled ${done} of at most ${total} packages`), 5_000);
  try {
    // -v names each package as it is compiled.
    const flags = ['-v', '-trimpath', ...tags, '-ldflags', `-s -w ${variables}`, '-o', `${programs}/`];
    await go(['build', ...flags, ...packages], () => {
      done += 1;
    });
  } finally {
    clearInterval(progress);
  }
  // Renamed when complete, so that a folder that is there is whole.
  rmSync(folder, { recursive: true, force: true });
  renameSync(programs, folder);
  rmSync(work, { recursive: true, force: true });
}

async function unpackSource(work: string, source: string): Promise<void> {
  const archive = await openArchive('deb-src', 'bookworm', work);
  await archive('source', '--download-only', 'kubernetes');
  const described = readdirSync(work).find((name) => name.endsWith('.dsc'));
  if (described?.startsWith(`kubernetes_${recipe.version}-`) !== true) {
    throw new Error(`expected the source of kubernetes ${recipe.version}, found ${described}; change the recipe`);
  }
  const unpacked = join(work, 'unpacked');
  rmSync(unpacked, { recursive: true, force: true });
  // What apt downloads it has checked.
  await must('dpkg-source', ['--no-check', '-x', described, unpacked], { cwd: work });
  // The vendored 1.0.1 reads the insides of maps as Go had them before 1.18: the API server would crash.
  const reflect = 'github.com/modern-go/reflect2';
  rmSync(join(unpacked, 'vendor', reflect), { recursive: true });
  cpSync(join('/usr/share/gocode/src', reflect), join(unpacked, 'vendor', reflect), { recursive: true });
  mkdirSync(join(source, '..'), { recursive: true });
  renameSync(unpacked, source);
}
