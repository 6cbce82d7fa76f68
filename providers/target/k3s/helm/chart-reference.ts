import { type DesiredComponent, TargetFault } from '../../../../core/plugin/index.js';
import type { Login } from '../../../shared/logins/index.js';

/** A chart as Helm takes it: `oci://host/path`, and a version unless a digest is part of that. */
export interface ChartReference {
  readonly chart: string;
  /** SemVer, with `+` where tags have `_`. */
  readonly version?: string | undefined;
}

/** @throws TargetFault `invalid` */
export function chartReference({ name, repository, revision }: DesiredComponent): ChartReference {
  if (!/^oci:\/\/[^\s@]+$/.test(repository)) {
    const what = `${name}: a chart is fetched from oci://host/path, and its repository is ${repository}`;
    throw new TargetFault('invalid', what, false);
  }
  if (/^sha256:[0-9a-f]{64}$/.test(revision)) return { chart: `${repository}@${revision}` };
  if (!/^[0-9A-Za-z._-]+$/.test(revision) || revision.startsWith('-')) {
    throw new TargetFault('invalid', `${name}: ${revision} is neither a version nor a digest`, false);
  }
  // Tags know no `+`: Helm pushes and asks for `_` in its place.
  return { chart: repository, version: revision.replaceAll('_', '+') };
}

/** Of all logins those of the registry that a chart is in: nobody else is asked for it. */
export function loginsFor(chart: string, logins: readonly Login[]): readonly Login[] {
  const host = chart.replace(/^oci:\/\//, '').split('/')[0] ?? '';
  return logins.filter((login) => login.host === host || (dockerHub.has(login.host) && dockerHub.has(host)));
}

/** Has whoever handed them be asked anew. */
export async function tellRefused(logins: readonly Login[]): Promise<void> {
  await Promise.all(logins.map((login) => login.refused?.()));
}

/** Names of one registry: of what is pulled from, and of what logins are kept under. */
const dockerHub = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'https://index.docker.io/v1/']);
