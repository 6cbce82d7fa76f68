/** The real systems that tests run against. What is not there is skipped by name and with its reason. */
import { describe, it } from 'vitest';
import { startDocker } from './docker.js';
import { startHelm } from './helm.js';
import { startKubernetes } from './kubernetes/kubernetes.js';
import { startMosquitto } from './mosquitto.js';
import { startOras } from './oras.js';
import { startPodman } from './podman.js';
import { startRedis } from './redis.js';
import { startRegistry } from './registry.js';
import { impossible, installable, obstacle, type PartName } from './requirements.js';
import { startSentinel } from './sentinel.js';
import { startSkopeo } from './skopeo.js';

export type { DockerPart } from './docker.js';
export { buildImage } from './docker-image.js';
export type { HelmPart } from './helm.js';
export { pushImage } from './kubernetes/image.js';
export type { KubernetesPart, KubernetesWithNode } from './kubernetes/kubernetes.js';
export type { MosquittoClient, MosquittoPart } from './mosquitto.js';
export type { OrasPart } from './oras.js';
export type { RedisPart } from './redis.js';
export type { RegistryPart } from './registry.js';
export type { SentinelPart } from './sentinel.js';
export type { SkopeoPart } from './skopeo.js';

const starters = {
  docker: startDocker,
  registry: startRegistry,
  oras: startOras,
  skopeo: startSkopeo,
  helm: startHelm,
  kubernetes: startKubernetes,
  mosquitto: startMosquitto,
  podman: startPodman,
  redis: startRedis,
  sentinel: startSentinel,
} as const;

export type Start<N extends PartName> = (typeof starters)[N];
export type Part<N extends PartName> =
  | { readonly available: true; readonly start: Start<N> }
  | { readonly available: false; readonly reason: string };

/** A part, or why this machine does not have it. */
export function part<N extends PartName>(name: N): Part<N> {
  const reason = obstacle(name);
  return reason === undefined ? { available: true, start: starters[name] } : { available: false, reason };
}

/**
 * A suite that needs parts; `suite` is given what starts them. Without one of them the suite is skipped, and the run
 * says so at its end; with `CI=true` it fails instead where this machine could have had the part.
 */
export function describeWith<N extends PartName>(
  names: readonly N[],
  title: string,
  suite: (start: { readonly [K in N]: Start<K> }) => void,
): void {
  const reasons = names.map(obstacle).filter((reason) => reason !== undefined);
  const start: { readonly [K in N]: Start<K> } = starters;
  if (reasons.length === 0) {
    describe(title, () => suite(start));
  } else if (process.env['CI'] === 'true' && installable() === undefined && !names.some(impossible)) {
    describe(title, () => {
      it('has its parts', () => {
        throw new Error(`this machine can have them: ${reasons.join('; ')}`);
      });
    });
  } else {
    describe.skip(title, { meta: { skipped: reasons.join('; ') } }, () => suite(start));
  }
}

declare module '@vitest/runner' {
  interface TaskMeta {
    /** Why a suite is skipped; the closing report reads it. */
    skipped?: string;
  }
}
