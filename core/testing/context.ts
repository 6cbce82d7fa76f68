import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { Gate, type Surface } from '../operation/index.js';
import type { Clock } from '../plugin/clock.js';
import type { Definition, Used, Uses } from '../plugin/definition.js';
import type { Lifecycle } from '../plugin/lifecycle.js';
import type { Logger } from '../plugin/logger.js';
import { demandOf } from '../plugin/use.js';
import { manualClock } from './clock.js';
import { silentLogger } from './loggers.js';

/**
 * What {@link testContext} makes an entry of.
 * @stable since 0.1.0
 */
export interface TestContextOptions {
  /** As a profile would say it, before validation. */
  readonly config?: unknown;
  /** By the names of the definition's `uses`. */
  readonly uses?: Readonly<Record<string, unknown>>;
  readonly name?: string;
  /** A directory that outlives the context; a temporary one unless told. */
  readonly dataDir?: string;
  /** One that stands still unless told. */
  readonly clock?: Clock;
  /** A silent one unless told. */
  readonly log?: Logger;
  /** What a binding serves; empty unless told. */
  readonly surface?: Surface;
}

/**
 * One entry without a host around it.
 * @stable since 0.1.0
 */
export interface TestContext<P> {
  readonly instance: P & Lifecycle;
  readonly dataDir: string;
  start(): Promise<void>;
  /** Stops the instance and removes a temporary data directory. */
  dispose(): Promise<void>;
}

/**
 * Makes an instance of a definition as a host would: with its config validated and its uses checked.
 *
 * @typeParam P what the definition provides
 * @throws Error when the definition would refuse the config, or a needed `uses` is missing
 * @stable since 0.1.0
 */
export async function testContext<P extends object>(
  definition: Definition,
  options: TestContextOptions = {},
): Promise<TestContext<P>> {
  const config = definition.config.safeParse(options.config ?? {});
  if (!config.success) throw new Error(`${definition.type} refuses the config:\n${z.prettifyError(config.error)}`);
  const uses = checkUses(definition, options.uses ?? {});
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'tutti-test-')));
  const log = options.log ?? silentLogger();
  const instance = definition.create({
    name: options.name ?? 'test',
    config: config.data,
    uses,
    log,
    clock: options.clock ?? manualClock(),
    dataDir,
    resolvePath: (path) => resolve(dataDir, path),
    surface: options.surface ?? { operations: [], mounts: [], gate: new Gate([], log) },
  }) as P & Lifecycle;
  const signal = new AbortController().signal;
  return {
    instance,
    dataDir,
    start: async () => instance.start?.(signal),
    async dispose() {
      await instance.stop?.(signal);
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function checkUses(definition: Definition, given: Readonly<Record<string, unknown>>): Used<Uses> {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(definition.uses, name));
  if (unknown !== undefined) throw new Error(`${definition.type} does not use ${unknown}`);
  const used = Object.entries(definition.uses).map(([name, wanted]) => {
    const { count, ref } = demandOf(wanted);
    if (given[name] !== undefined || count === 'optional') return [name, given[name]];
    if (count === 'every') return [name, new Map<string, unknown>()];
    throw new Error(`${definition.type} needs ${name} (${ref.id}): pass it in uses`);
  });
  // The author of a test vouches that what is passed is what the ref names; the names are checked above.
  return Object.fromEntries(used) as Used<Uses>;
}
