import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../plugin/clock.js';
import type { Definition } from '../../plugin/definition.js';
import type { SecretProvider } from '../../ports/index.js';
import { manualClock } from '../clock.js';
import { testContext } from '../context.js';
import type { MakeSubject } from '../kit-subject.js';
import { type RecordingLogger, recordingLogger } from '../loggers.js';

/**
 * The store beneath a provider of secrets, by the other door: as whoever looks after the secrets uses it. Who tests a
 * provider writes one; what cannot be done in a store throws `KitSkip` with the reason.
 *
 * @experimental
 */
export interface SecretStore {
  /** Keeps a value under a name in place of what was there, in one step: readers see the old one or the new one. */
  put(name: string, value: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Makes the store unreachable, and resolves with what makes it reachable again. Absent: it always is. */
  breakDown?(): Promise<() => Promise<void>>;
  /**
   * Damages what is kept, so that there is no secret of this name although its text can still be read, and resolves with
   * what mends it. Absent: nothing of it can be damaged.
   */
  damage?(name: string): Promise<() => Promise<void>>;
}

/**
 * A provider of secrets with the store that it reads.
 *
 * @experimental
 */
export interface SecretUnderTest extends SecretProvider {
  readonly store: SecretStore;
  /** What the provider has logged. */
  readonly log: RecordingLogger;
}

/** @experimental */
export interface SecretSubjectOptions {
  /** As a profile would say it; relative paths are below the data directory. */
  readonly config?: unknown;
  /** By the names of the definition's `uses`. */
  readonly uses?: Readonly<Record<string, unknown>>;
  /** A clock of the caller's choice: then real time passes. Unless told, the kit moves one by hand. */
  readonly clock?: Clock;
  /** Makes an empty store before the provider starts. */
  readonly store: (dataDir: string) => SecretStore | Promise<SecretStore>;
}

/**
 * Makes subjects of a definition for the kit of secrets, each with a store and a data directory of its own.
 *
 * @experimental
 */
export function secretSubjects(definition: Definition, options: SecretSubjectOptions): MakeSubject<SecretUnderTest> {
  return async () => {
    const { config, uses } = options;
    const dataDir = await mkdtemp(join(tmpdir(), 'tutti-kit-'));
    const manual = manualClock();
    const clock = options.clock ?? manual;
    const store = await options.store(dataDir);
    const log = recordingLogger();
    const context = await testContext<SecretProvider>(definition, {
      ...{ config, dataDir, clock, log },
      ...(uses && { uses }),
    });
    await context.start();
    const { instance } = context;
    return {
      instance: { get: (name, signal) => instance.get(name, signal), store, log },
      ...(options.clock === undefined && { advance: (milliseconds: number) => manual.advance(milliseconds) }),
      async dispose() {
        await context.dispose();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  };
}
