import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../plugin/clock.js';
import type { Definition } from '../plugin/definition.js';
import { manualClock } from './clock.js';
import { type TestContext, testContext } from './context.js';
import type { CrashRecipe, KitSubject, MakeSubject } from './kit-subject.js';

/**
 * How {@link subjectsOf} makes each subject.
 * @experimental
 */
export interface SubjectOptions {
  readonly config?: unknown;
  readonly uses?: Readonly<Record<string, unknown>>;
  /** A clock of the caller's choice: then real time passes. Unless told, the kit moves one by hand. */
  readonly clock?: Clock;
  /** Whether several hosts share what it provides, by its config: then the kit makes some. */
  readonly shared?: boolean;
  /** For what survives kill -9: where another process finds the definition, and how node must be started for it. */
  readonly crash?: Pick<CrashRecipe, 'module' | 'export' | 'execArgv'>;
}

/**
 * Makes subjects of a definition, each with a data directory of its own.
 * @experimental
 */
export function subjectsOf<P extends object>(definition: Definition, options: SubjectOptions = {}): MakeSubject<P> {
  return async (): Promise<KitSubject<P>> => {
    const { config, uses, crash, shared } = options;
    const dataDir = await mkdtemp(join(tmpdir(), 'tutti-kit-'));
    const manual = manualClock();
    const open = async (): Promise<TestContext<P>> => {
      const clock = options.clock ?? manual;
      const context = await testContext<P>(definition, { config, dataDir, clock, ...(uses && { uses }) });
      await context.start();
      return context;
    };
    let context = await open();
    const others: TestContext<P>[] = [];
    return {
      instance: context.instance,
      ...(options.clock === undefined && { advance: (milliseconds: number) => manual.advance(milliseconds) }),
      close: () => context.dispose(),
      async reopen() {
        context = await open();
        return context.instance;
      },
      ...(shared && {
        async another() {
          const other = await open();
          others.push(other);
          return other.instance;
        },
      }),
      ...(crash && { crash: { ...crash, config, dataDir } }),
      async dispose() {
        for (const each of [...others, context]) await each.dispose();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  };
}
