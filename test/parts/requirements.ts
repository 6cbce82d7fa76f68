import { existsSync, readFileSync } from 'node:fs';
import type { Built } from './built.js';
import { helm, withoutToolchain } from './helm-build.js';
import { kubernetes } from './kubernetes/build.js';
import { findTool } from './tools.js';
import { findUnpacked } from './trixie.js';

/** What a part needs before it can be started. */
interface Requirement {
  /** Programs on the path, and the Debian packages that bring them. */
  readonly programs: Readonly<Record<string, string>>;
  /** Files from packages of Debian trixie, which are unpacked beside the project and never installed. */
  readonly unpacked: Readonly<Record<string, string>>;
  /** Programs that no package has are built, which takes minutes. */
  readonly build?: BuildName;
  readonly root: boolean;
}

/** What is built; `cannot` tells why it cannot be here, where that is not for want of Debian or root. */
const builds = {
  helm: { programs: helm, cannot: withoutToolchain },
  kubernetes: { programs: kubernetes, cannot: () => undefined },
} as const;
export type BuildName = keyof typeof builds;

export const requirements = {
  docker: {
    programs: { dockerd: 'docker.io', docker: 'docker.io', busybox: 'busybox-static', ip: 'iproute2' },
    unpacked: { 'usr/libexec/docker/cli-plugins/docker-compose': 'docker-compose' },
    root: true,
  },
  registry: {
    programs: { 'docker-registry': 'docker-registry', htpasswd: 'apache2-utils' },
    unpacked: {},
    root: false,
  },
  podman: {
    programs: { podman: 'podman', busybox: 'busybox-static' },
    unpacked: { 'usr/libexec/docker/cli-plugins/docker-compose': 'docker-compose' },
    root: true,
  },
  oras: { programs: {}, unpacked: { 'usr/bin/oras': 'oras' }, root: false },
  helm: { programs: {}, unpacked: {}, build: 'helm', root: false },
  kubernetes: {
    programs: {
      etcd: 'etcd-server',
      containerd: 'containerd',
      'host-local': 'containernetworking-plugins',
      iptables: 'iptables',
      ip: 'iproute2',
      busybox: 'busybox-static',
      skopeo: 'skopeo',
    },
    unpacked: {},
    build: 'kubernetes',
    root: true,
  },
  mosquitto: {
    programs: { mosquitto: 'mosquitto', mosquitto_passwd: 'mosquitto', mosquitto_pub: 'mosquitto-clients' },
    unpacked: {},
    root: false,
  },
  redis: {
    programs: { 'redis-server': 'redis-server', 'redis-cli': 'redis-tools' },
    unpacked: {},
    root: false,
  },
  sentinel: { programs: { 'redis-sentinel': 'redis-sentinel', 'redis-cli': 'redis-tools' }, unpacked: {}, root: false },
  skopeo: { programs: { skopeo: 'skopeo' }, unpacked: {}, root: false },
} as const satisfies Readonly<Record<string, Requirement>>;

export type PartName = keyof typeof requirements;
export const partNames = Object.keys(requirements) as readonly PartName[];

export interface Missing {
  /** Debian packages to install. */
  readonly packages: readonly string[];
  /** Packages of trixie to unpack. */
  readonly unpack: readonly string[];
  /** What to build; nothing that cannot be built here. */
  readonly build: readonly BuildName[];
}

/** What of these parts is not on this machine yet. */
export function missing(names: readonly PartName[]): Missing {
  const all: readonly Requirement[] = names.map((name) => requirements[name]);
  const build = new Set(all.flatMap(({ build }) => (build !== undefined && !isBuilt(build) ? [build] : [])));
  return {
    packages: unique(all.flatMap(({ programs }) => absent(programs, findTool))),
    build: [...build].filter((name) => builds[name].cannot() === undefined),
    unpack: unique(all.flatMap(({ unpacked }) => absent(unpacked, findUnpacked))),
  };
}

/** Why a part cannot be started here, or `undefined`. */
export function obstacle(name: PartName): string | undefined {
  const { packages, unpack, build } = missing([name]);
  const needed = [...packages, ...unpack, ...build.map((built) => `a build of ${built}`)];
  const never = impossible(name);
  if (never !== undefined) return `${name}: ${never}`;
  if (needed.length > 0) return `${name} needs ${needed.join(', ')}; ${installable() ?? 'the installation failed'}`;
  if (requirements[name].root && process.getuid?.() !== 0) return `${name} can only be started by root`;
  return undefined;
}

/** Why this machine cannot have a part whatever is installed, or `undefined`. */
export function impossible(name: PartName): string | undefined {
  const { build }: Requirement = requirements[name];
  return build === undefined || isBuilt(build) ? undefined : builds[build].cannot();
}

function isBuilt(name: BuildName): boolean {
  const { programs }: { readonly programs: Built<string> } = builds[name];
  return programs.programs.every((program) => programs.find(program) !== undefined);
}

/** Why nothing can be installed here, or `undefined` where it can: on Debian, as root. */
export function installable(): string | undefined {
  if (!existsSync('/etc/debian_version') || !/^ID=debian$/m.test(osRelease())) return 'only installed on Debian';
  if (process.getuid?.() !== 0) return 'only installed by root';
  return undefined;
}

export function osRelease(): string {
  return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
}

function absent(wanted: Readonly<Record<string, string>>, find: (name: string) => string | undefined): string[] {
  return Object.entries(wanted)
    .filter(([name]) => find(name) === undefined)
    .map(([, from]) => from);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
