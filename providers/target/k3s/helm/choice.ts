import type { HelmConfig } from './config.js';
import { type HelmVersion, helmFloor, isUsable, versionText } from './helm-version.js';

export type Way = 'controller' | 'cli';

/** What was found out about the cluster and this machine. */
export interface Surroundings {
  readonly cluster: {
    /** HelmChart of `helm.cattle.io/v1` is served. */
    readonly helmCharts: boolean;
    /** Something there acts on them, as far as can be told. */
    readonly controller: boolean;
  };
  readonly program: { readonly path: string; readonly version: HelmVersion } | { readonly missing: string };
}

export type Choice =
  | { readonly way: Way; readonly reason: string }
  /** Neither will do. */
  | { readonly fault: string };

/** For a person. */
export function choiceText(choice: Choice): string {
  return 'fault' in choice ? `no Helm: ${choice.fault}` : `Helm by ${choice.way}: ${choice.reason}`;
}

/** Which driver works on this cluster, and why. The controller is preferred: it needs nothing on this machine. */
export function chooseWay(asked: HelmConfig['driver'], surroundings: Surroundings): Choice {
  if (asked === 'controller') return controller(surroundings, "the profile's `helm.driver` says so");
  if (asked === 'cli') return cli(surroundings, "the profile's `helm.driver` says so");
  const first = controller(surroundings, 'the cluster has a Helm controller (k3s)');
  if ('way' in first) return first;
  const second = cli(surroundings, first.fault);
  if ('way' in second) return second;
  return { fault: `${first.fault}, and ${second.fault}; use k3s with its Helm controller, or install helm 3 or 4` };
}

function controller({ cluster }: Surroundings, because: string): Choice {
  if (!cluster.helmCharts) return { fault: 'the cluster serves no HelmChart (helm.cattle.io/v1)' };
  if (!cluster.controller) {
    return {
      fault: 'the cluster serves HelmChart, and nothing there acts on it (k3s with --disable-helm-controller?)',
    };
  }
  return { way: 'controller', reason: because };
}

function cli({ program }: Surroundings, because: string): Choice {
  if ('missing' in program) return { fault: program.missing };
  const { path, version } = program;
  if (!isUsable(version)) {
    return { fault: `${path} is helm ${versionText(version)}, and ${versionText(helmFloor)} or a later one is needed` };
  }
  return { way: 'cli', reason: `${because}; ${path} is helm ${versionText(version)}` };
}
