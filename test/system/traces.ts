import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What removed workloads left on the agent's disk: everything but their own data, which a removal keeps. */
export function leftovers(agentData: string): string[] {
  const root = join(agentData, 'process');
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.split('/').length > 2 && path.split('/')[2] !== 'data',
  );
}

/** Versions of the manifests that an agent says it adopted, in the order that it did. */
export function adoptedVersions(log: string): number[] {
  return [...log.matchAll(/adopted a manifest.* version=(\d+)/g)].map(([, version]) => Number(version));
}

/** Milliseconds between each failure of a deployment's main component and the try after it, as an agent logged them. */
export function retryPauses(log: string, deploymentId: string): number[] {
  const lines = log
    .slice(log.indexOf(deploymentId))
    .split('\n')
    .filter((line) => line.includes(' main') && line.includes('reconcile: '));
  const tried = /^reconcile: (install|update|repair) main: /;
  const pauses: number[] = [];
  let failed: number | undefined;
  for (const line of lines) {
    const [time = ''] = line.split(' ');
    const text = line.slice(line.indexOf('reconcile: '));
    if (/^reconcile: \w+ main failed/.test(text)) failed = Date.parse(time);
    else if (failed !== undefined && tried.test(text) && text.includes(deploymentId)) {
      pauses.push(Date.parse(time) - failed);
      failed = undefined;
    }
  }
  return pauses;
}
