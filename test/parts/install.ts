import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildHelm } from './helm-build.js';
import { buildKubernetes, buildPackages } from './kubernetes/build.js';
import { installable, missing, type PartName } from './requirements.js';
import { must } from './tools.js';
import { unpackFromTrixie } from './trixie.js';

/**
 * Installs what these parts miss, where that is possible. Says what it does; several runs at once take turns.
 * @throws when an installation fails
 */
export async function install(names: readonly PartName[], say: (line: string) => void): Promise<void> {
  if (installable() !== undefined || nothing(missing(names))) return;
  await taken(join(tmpdir(), 'tutti-parts.lock'), say, async () => {
    // Looked at again: another run may have installed it while this one waited.
    const { packages: programs, unpack, build } = missing(names);
    const packages = [...programs, ...(build.includes('kubernetes') ? buildPackages : [])];
    if (packages.length > 0) await timed(`installing ${packages.join(', ')}`, say, () => aptInstall(packages));
    if (unpack.length > 0) await timed(`unpacking ${unpack.join(', ')}`, say, () => unpackFromTrixie(unpack));
    for (const name of build) await timed(`building ${name}`, say, () => builders[name](say));
  });
}

const builders = { helm: buildHelm, kubernetes: buildKubernetes } as const;

async function aptInstall(packages: readonly string[]): Promise<void> {
  const apt = (...args: string[]): Promise<string> =>
    must('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' },
      timeout: 600_000,
    });
  await withoutServices(async () => {
    await apt('update');
    await apt('install', '--no-install-recommends', ...packages);
  });
}

/** Debian starts a service as it installs it; a test wants the program and starts its own. */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    rmSync(policy);
  }
}

/** Runs `work` while holding a lock that the kernel frees should this process die. */
async function taken(file: string, say: (line: string) => void, work: () => Promise<void>): Promise<void> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo taken; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const slow = setTimeout(() => say('parts: another run installs; waiting for it'), 1_000);
  try {
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(([code]) => Promise.reject(new Error(`flock ${file} ended with ${String(code)}`))),
    ]);
    clearTimeout(slow);
    await work();
  } finally {
    clearTimeout(slow);
    holder.stdin.end();
  }
}

async function timed(what: string, say: (line: string) => void, work: () => Promise<void>): Promise<void> {
  say(`parts: ${what} ...`);
  const began = performance.now();
  await work();
  say(`parts: ${what}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

function nothing({ packages, unpack, build }: ReturnType<typeof missing>): boolean {
  return packages.length === 0 && unpack.length === 0 && build.length === 0;
}
