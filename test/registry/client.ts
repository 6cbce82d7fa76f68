import { isAbsolute, resolve } from 'node:path';
import type { ArtifactRegistry, BindingContext, Clock, Lifecycle, Uses, z } from '../../core/plugin/index.js';
import { registryOci } from '../../providers/registry/oci/index.js';
import type { ociConfig } from '../../providers/shared/oci/index.js';
import { quietLog } from './serve.js';

/** Time that a test moves: a delay is over at once, and is remembered. */
export class TestClock implements Clock {
  readonly delays: number[] = [];
  #now = Date.parse('2026-01-01T00:00:00Z');

  now(): number {
    return this.#now;
  }

  async delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.delays.push(milliseconds);
    this.#now += milliseconds;
  }
}

/** `registry.oci` as the host makes it. */
export function registryClient(
  config: z.input<typeof ociConfig>,
  clock: Clock = new TestClock(),
): ArtifactRegistry & Lifecycle {
  const context = {
    name: 'registry',
    config: registryOci.config.parse(config),
    uses: {},
    log: quietLog(),
    clock,
    dataDir: '/nonexistent',
    resolvePath: (path: string) => (isAbsolute(path) ? path : resolve(path)),
  };
  return registryOci.create(context as unknown as BindingContext<unknown, Uses>) as ArtifactRegistry & Lifecycle;
}
