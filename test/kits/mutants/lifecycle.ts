import { mkdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type Context, type Definition, defineManager, type Health, type Uses, z } from '../../../core/plugin/index.js';

type MutantContext = Context<{ readonly greeting: string }, Uses>;

/** An entry that does all that one may do: a server, a timer, a delay and a file. For mutants to break in one place. */
export class LifecycleMutant {
  protected server: Server | undefined;
  protected timer: NodeJS.Timeout | undefined;
  protected file: FileHandle | undefined;
  protected readonly over = new AbortController();

  constructor(protected readonly context: MutantContext) {}

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.timer = setInterval(() => undefined, 3_600_000).unref();
    this.context.clock.delay(3_600_000, this.over.signal).catch(() => undefined);
    this.file = await open(join(this.context.dataDir, this.context.name), 'a');
    this.server = createServer();
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
  }

  drain(): void {
    this.server?.close();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.over.abort();
    this.server?.close();
    await this.file?.close();
    this.file = undefined;
  }

  health(): Health | Promise<Health> {
    return { status: 'ok' };
  }
}

/** Leaves its interval. */
export class LeaksATimer extends LifecycleMutant {
  override async stop(): Promise<void> {
    this.timer = undefined;
    await super.stop();
  }
}

/** Leaves its server. */
export class LeaksASocket extends LifecycleMutant {
  override async stop(): Promise<void> {
    this.server = undefined;
    await super.stop();
  }
}

/** Leaves its file open, and does not know it any more: the garbage collector may not hide that. */
export class LeaksAFile extends LifecycleMutant {
  override async stop(): Promise<void> {
    this.file = undefined;
    await super.stop();
  }
}

/** Goes on waiting for its time. */
export class LeaksADelay extends LifecycleMutant {
  override async start(signal: AbortSignal): Promise<void> {
    await super.start(signal);
    this.context.clock.delay(1_000_000).catch(() => undefined);
  }
}

/** Waits for something that never comes. */
export class HangsOnStop extends LifecycleMutant {
  override async stop(): Promise<void> {
    await super.stop();
    await new Promise(() => undefined);
  }
}

/** Makes its folder as soon as it is made. */
export class WritesInCreate extends LifecycleMutant {
  constructor(context: MutantContext) {
    super(context);
    mkdirSync(join(context.dataDir, 'mine'), { recursive: true });
  }
}

/** Listens as soon as it is made. */
export class ListensInCreate extends LifecycleMutant {
  constructor(context: MutantContext) {
    super(context);
    this.server = createServer().listen(0, '127.0.0.1');
  }
}

/** Does not expect to be stopped again. */
export class ThrowsOnSecondStop extends LifecycleMutant {
  #stopped = false;
  override async stop(): Promise<void> {
    if (this.#stopped) throw new Error('it is stopped already');
    this.#stopped = true;
    await super.stop();
  }
}

/** Takes for granted that it was started. */
export class NeedsStartBeforeStop extends LifecycleMutant {
  override async stop(): Promise<void> {
    if (!this.server) throw new TypeError('there is no server');
    await super.stop();
  }
}

/** Starts although nobody waits for it any more. */
export class IgnoresAbortOfStart extends LifecycleMutant {
  override start(): Promise<void> {
    return super.start(new AbortController().signal);
  }
}

/** Asks somebody before it says how it is. */
export class HasAsyncHealth extends LifecycleMutant {
  override health(): Promise<Health> {
    return Promise.resolve({ status: 'ok' });
  }
}

/** Has no answer before it has started. */
export class ThrowsInHealth extends LifecycleMutant {
  override health(): Health {
    if (!this.server) throw new TypeError('there is no server');
    return { status: 'ok' };
  }
}

/** Is not well, and keeps to itself why. */
export class DegradesWithoutReason extends LifecycleMutant {
  override health(): Health {
    return { status: 'degraded' };
  }
}

/** Keeps its file under a name that another entry takes for its own. */
export class SharesALock extends LifecycleMutant {
  override async start(signal: AbortSignal): Promise<void> {
    const lock = await open(join(this.context.dataDir, 'lock'), 'wx');
    await lock.close();
    await super.start(signal);
  }
}

interface Wrong {
  readonly type?: string;
  readonly version?: string;
  readonly summary?: string;
  readonly config?: z.ZodType<{ readonly greeting: string }>;
}

const good = z.strictObject({ greeting: z.string().default('hello').describe('What to say') });

/** A definition that makes mutants, or is one itself. */
export function definitionOf(mutant: typeof LifecycleMutant = LifecycleMutant, wrong: Wrong = {}): Definition {
  return defineManager({
    type: 'manager.mutant',
    version: '1.0.0',
    summary: 'Opens everything that one can open',
    config: good,
    ...wrong,
    // What a mutant answers is not what the type of a manager lets it.
    create: (context) => new mutant(context) as object,
  });
}
