import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openArchive } from '../archive.js';
import { builtPrograms } from '../built.js';
import { must } from '../tools.js';
import { debianGo } from './go.js';
import { generateOpenApi } from './open-api.js';

/** How the programs are made; whatever is changed here makes them anew. */
const recipe = {
  /** Of Debian bookworm, which has the source but no package of these programs. */
  version: '1.20.5+really1.20.2',
  programs: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'],
  /** No clouds and no Docker: a ninth of all packages to compile. */
  tags: ['providerless', 'dockerless'],
  /** What the programs answer when asked for their version: the release that the source is of. */
  release: { gitVersion: 'v1.20.2', gitMajor: '1', gitMinor: '20', gitTreeState: 'archive' },
  revision: 1,
} as const;

export const kubernetes = builtPrograms('kubernetes', recipe);

/** What the build needs of Debian: its Go 1.19, since the source does not build with every newer one. */
export const buildPackages = ['dpkg-dev', 'golang-go', 'golang-github-modern-go-reflect2-dev'] as const;

/**
 * Builds Kubernetes from Debian's source package, which brings all that it imports.
 *
 * One `go build` of the five programs, with what is generated taken as the package has it, but for the schemas.
 * Measured once, on two cores that thirty other processes wanted too: 13 minutes of processor time, of which the API
 * server and what it shares with the others took 6.6, and 40 minutes of the clock. A machine to itself should need
 * about 7; that is reckoned, not measured.
 */
export function buildKubernetes(say: (line: string) => void): Promise<void> {
  return kubernetes.make(async (work, programs) => {
    let doing = 'unpacking the source';
    const progress = setInterval(() => say(`parts: kubernetes: ${doing}`), 5_000);
    try {
      const source = join(work, 'go/src/k8s.io/kubernetes');
      if (!existsSync(source)) await unpackSource(work, source);
      const go = debianGo(work, source);
      const tags = ['-tags', recipe.tags.join(',')];
      const packages = recipe.programs.map((name) => `./cmd/${name}`);
      // One of them is not generated yet.
      const total = (await go(['list', '-e', '-deps', ...tags, ...packages])).trim().split('\n').length;
      let done = 0;
      const compiled = (): void => {
        done += 1;
        doing = `compiled ${done} of about ${total} packages`;
      };
      await generateOpenApi(work, source, go, compiled);
      const flags = ['-v', '-trimpath', ...tags, '-ldflags', `-s -w ${variables()}`, '-o', `${programs}/`];
      await go(['build', ...flags, ...packages], compiled);
    } finally {
      clearInterval(progress);
    }
  });
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

/** Settings for the linker. */
function variables(): string {
  return ['component-base/version', 'client-go/pkg/version']
    .map((name) => `k8s.io/kubernetes/vendor/k8s.io/${name}`)
    .flatMap((place) => Object.entries(recipe.release).map(([name, value]) => `-X ${place}.${name}=${value}`))
    .join(' ');
}
