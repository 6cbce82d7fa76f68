import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../host/clock.js';
import type { Clock } from '../../plugin/clock.js';
import type { Definition } from '../../plugin/definition.js';
import type { TargetProvider } from '../../ports/index.js';
import { testContext } from '../context.js';
import type { CrashRecipe, KitSubject, MakeSubject } from '../kit-subject.js';
import { killableApply } from './killable.js';
import type { TargetPlatform, TargetUnderTest } from './platform.js';

/** @stable since 0.1.0 */
export interface TargetSubjectOptions {
  /** As a profile would say it; relative paths are below the data directory. */
  readonly config?: unknown;
  /** By the names of the definition's `uses`. */
  readonly uses?: Readonly<Record<string, unknown>>;
  /** The real time unless told: what a platform does takes real time. */
  readonly clock?: Clock;
  /**
   * The platform behind the target, seen by the other door.
   *
   * @param instance the newest target, for a platform that lives in it
   */
  readonly platform: (instance: TargetProvider, dataDir: string) => TargetPlatform;
  /**
   * How another process makes the target, to be killed while it applies: it needs nothing but its config. Without it, the
   * platform's own `applyElsewhere` counts, if it has one.
   */
  readonly crash?: Pick<CrashRecipe, 'module' | 'export' | 'execArgv'>;
  /** Ends what a case has left on the platform, when the target has stopped. Nothing unless told. */
  readonly cleanUp?: (dataDir: string) => Promise<void>;
}

/**
 * Makes subjects of a definition for the kit of targets, each with a data directory of its own.
 *
 * @stable since 0.1.0
 */
export function targetSubjects(definition: Definition, options: TargetSubjectOptions): MakeSubject<TargetUnderTest> {
  return async (): Promise<KitSubject<TargetUnderTest>> => {
    const { config, uses, crash, clock = systemClock } = options;
    const dataDir = await mkdtemp(join(tmpdir(), 'tutti-kit-'));
    const open = async () => {
      const context = await testContext<TargetProvider>(definition, { config, dataDir, clock, ...(uses && { uses }) });
      await context.start();
      const platform = options.platform(context.instance, dataDir);
      if (crash) {
        platform.applyElsewhere = (application, component) =>
          killableApply({ ...crash, config, dataDir, application, component });
      }
      return { target: Object.assign(context.instance, { platform }), close: () => context.dispose() };
    };
    let current = await open();
    return {
      instance: current.target,
      close: () => current.close(),
      async reopen() {
        current = await open();
        return current.target;
      },
      async dispose() {
        await current.close();
        await options.cleanUp?.(dataDir);
        await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  };
}
