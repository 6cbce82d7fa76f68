import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtPrograms } from './built.js';
import { findTool, must } from './tools.js';

/** No package has Helm; its own release of this version is built. */
const recipe = { version: '3.21.3', programs: ['helm'], go: [1, 26], revision: 1 } as const;

export const helm = builtPrograms('helm', recipe);

const module = `helm.sh/helm/v3@v${recipe.version}`;

/**
 * Why Helm cannot be built here, or `undefined`. Its toolchain is no package of Debian, and so is not installed; nor does a
 * machine with one always reach the modules of Go.
 */
export function withoutToolchain(): string | undefined {
  const [major, minor] = recipe.go;
  const wanted = `a Go toolchain of ${major}.${minor} or newer on the path`;
  const go = findTool('go');
  if (go === undefined) return `it is built by ${wanted}, and there is none`;
  const said = spawnSync(go, ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout.trim();
  const [, ...found] = /^go(\d+)\.(\d+)/.exec(said) ?? [];
  const [has = 0, than = 0] = found.map(Number);
  if (has < major || (has === major && than < minor)) return `it is built by ${wanted}; ${go} is ${said}`;
  const { status } = spawnSync(go, ['list', '-m', module], { cwd: tmpdir(), env: goSettings(), timeout: 60_000 });
  return status === 0 ? undefined : `${go} cannot get ${module}`;
}

/** Builds Helm from the module proxy that this machine's Go is set to. */
export function buildHelm(): Promise<void> {
  return helm.make(async (work, programs) => {
    await must('go', ['install', '-trimpath', '-ldflags', '-s -w', module.replace('@', '/cmd/helm@')], {
      cwd: work,
      env: {
        ...goSettings(),
        GOBIN: programs,
        GOPATH: join(work, 'go'),
        GOCACHE: join(work, 'cache'),
        CGO_ENABLED: '0',
      },
      timeout: 3_600_000,
    });
  });
}

function goSettings(): NodeJS.ProcessEnv {
  // Modules that can be deleted again.
  return { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod -modcacherw' };
}
