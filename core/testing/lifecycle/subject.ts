import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Gate } from '../../operation/index.js';
import type { Clock } from '../../plugin/clock.js';
import type { Definition } from '../../plugin/definition.js';
import type { Lifecycle } from '../../plugin/lifecycle.js';
import { type ManualClock, manualClock } from '../clock.js';
import { testContext } from '../context.js';
import type { KitSubject, MakeSubject } from '../kit-subject.js';
import { silentLogger } from '../loggers.js';
import { type GivenUses, type MadeUses, usesOf } from '../uses.js';
import { Opened } from './opened.js';

/** @stable since 0.1.0 */
export interface LifecycleSubjectOptions {
  /** As a profile would say it. */
  readonly config?: unknown;
  /**
   * Instead, for what keeps its data elsewhere: called for each entry or subject that has to find nothing there, when the
   * case begins.
   */
  readonly freshConfig?: () => unknown;
  /** Of a second entry beside the first, where it cannot have the same: another port, another path. */
  readonly secondConfig?: unknown;
  readonly uses?: GivenUses;
  /** A clock of the caller's choice: then real time passes. Unless told, the kit moves one by hand. */
  readonly clock?: Clock;
}

/**
 * An entry as the kit sees it: only its lifecycle.
 *
 * @experimental
 */
export class MadeEntry {
  constructor(
    private readonly name: string,
    private readonly instance: Lifecycle,
    private readonly opened: Opened,
  ) {}

  /** In the history of a case. */
  [inspect.custom](): string {
    return `the ${this.name} entry`;
  }

  /** @param signal never aborts unless told */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    await this.opened.during(() => this.instance.start?.(signal));
  }

  async drain(): Promise<void> {
    await this.opened.during(() => this.instance.drain?.(new AbortController().signal));
  }

  async stop(): Promise<void> {
    await this.opened.during(() => this.instance.stop?.(new AbortController().signal));
  }

  /** `undefined` where it has none. Of any type: it is not yet known whether it keeps to its contract. */
  health(): unknown {
    return this.opened.during(() => this.instance.health?.());
  }
}

/**
 * One definition, in a folder that nobody else uses, with all that it opens in view.
 *
 * @experimental
 */
export class DefinitionUnderTest {
  readonly opened: Opened;
  readonly dataDir: string;
  readonly manual: ManualClock = manualClock();
  readonly #entries: MadeEntry[] = [];
  #used: MadeUses | undefined;

  constructor(
    readonly definition: Definition,
    private readonly options: LifecycleSubjectOptions,
    private readonly root: string,
  ) {
    this.opened = new Opened(root);
    // A host makes it before anything starts, and after everything is made.
    this.dataDir = join(root, 'data');
  }

  /** An entry, not started. */
  async make(name = 'first', config: unknown = this.#config()): Promise<MadeEntry> {
    const log = silentLogger();
    // Most of what a case takes time for, and many cases make no entry.
    this.#used ??= await usesOf(this.options.uses);
    const { uses } = this.#used;
    const context = await this.opened.during(() =>
      testContext<Lifecycle>(this.definition, {
        name,
        config,
        uses,
        dataDir: this.dataDir,
        clock: this.options.clock ?? this.manual,
        log,
        surface: { operations: [], mounts: [], gate: new Gate([], log) },
      }),
    );
    const entry = new MadeEntry(name, context.instance, this.opened);
    this.#entries.push(entry);
    return entry;
  }

  /** Another entry, under another name. */
  makeSecond(): Promise<MadeEntry> {
    return this.make('second', this.options.secondConfig ?? this.#config());
  }

  #config(): unknown {
    return this.options.freshConfig ? this.options.freshConfig() : this.options.config;
  }

  /** As a host does before it starts its entries. */
  async makeDataDir(): Promise<void> {
    await mkdir(this.dataDir, { recursive: true, mode: 0o700 });
  }

  /** Everything below the folder that the definition was given, and beside it. */
  async files(): Promise<string[]> {
    return (await readdir(this.root, { recursive: true })).sort();
  }

  /** Stops what a case that failed has left. */
  async dispose(): Promise<void> {
    try {
      for (const entry of this.#entries) await entry.stop();
    } finally {
      this.opened.end();
      await this.#used?.dispose?.();
      await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

/**
 * Makes subjects for {@link lifecycleKit} of any definition.
 *
 * @stable since 0.1.0
 */
export function lifecycleSubjects(
  definition: Definition,
  options: LifecycleSubjectOptions = {},
): MakeSubject<DefinitionUnderTest> {
  return async (): Promise<KitSubject<DefinitionUnderTest>> => {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'tutti-kit-')));
    const instance = new DefinitionUnderTest(definition, options, root);
    return {
      instance,
      ...(options.clock === undefined && {
        advance: (milliseconds: number) => instance.manual.advance(milliseconds),
      }),
      dispose: () => instance.dispose(),
    };
  };
}
