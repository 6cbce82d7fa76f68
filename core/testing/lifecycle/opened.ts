import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { sep } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { garbageCollector } from '../growth.js';

/** Milliseconds that what was closed has to be gone from the system. */
const patience = 2_000;
/** Turns of the event loop that it has at least: on a busy machine, time passes and nothing happens. */
const turnsAtLeast = 200;
/** In some of these turns garbage is collected while a file is open: libraries there are that close theirs only then. */
const collectingTurns = 50;
/** Where the system lists the open files of this process, by number; Linux alone has it. */
const openFiles = '/proc/self/fd';

/** Kinds that something may open after: what is looked up or asked of the system, and what comes next on the event loop. */
const coming = /^(GETADDRINFOREQWRAP|FSREQ.*|.*CONNECTWRAP|Immediate|TickObject)$/;

/** A timer, or a handle of the event loop, as Node shows it to its hooks. */
interface Resource {
  readonly hasRef?: () => boolean;
  readonly _repeat?: unknown;
  readonly _destroyed?: unknown;
}

/**
 * Looks out for what a subject opens: timers, sockets, servers, child processes, watchers, workers and files. Only for
 * what is begun by the subject itself or by what it has begun, so that others of this process may do as they like.
 */
export class Opened {
  readonly #inside = new AsyncLocalStorage<this>();
  readonly #seen = new Map<number, readonly [kind: string, resource: Resource]>();
  readonly #hook = createHook({
    init: (id, kind, _trigger, resource) => {
      const inside = kind !== 'PROMISE' && this.#inside.getStore() === this;
      // Whose file it is Node does not say. It is held on to: a file that was forgotten is not one that was closed.
      if (inside || kind === 'FILEHANDLE') this.#seen.set(id, [kind, resource]);
    },
    destroy: (id) => this.#seen.delete(id),
  }).enable();

  /** @param folder open files below it are the subject's */
  constructor(private readonly folder: string) {}

  /** Runs what the subject does. */
  during<T>(work: () => T): T {
    return this.#inside.run(this, work);
  }

  /** What is open now, a line for each, sorted. */
  now(): string[] {
    const open = [...this.#seen.values()].filter(([kind, resource]) => isOpen(kind, resource)).map(([kind]) => kind);
    return [...open, ...this.#files()].sort();
  }

  /**
   * What stays open. What is about to close is waited for by turns of the event loop, as a timer would itself be open;
   * and so is what is about to open: nobody listens before the name of the address was looked up.
   */
  async left(): Promise<string[]> {
    const until = performance.now() + patience;
    for (let turn = 0; ; turn++) {
      const begun = [...this.#seen.values()].some(([kind]) => coming.test(kind));
      const open = this.now();
      if (open.length === 0 && !begun) return open;
      if (turn >= turnsAtLeast && performance.now() > until) return open;
      if (turn < collectingTurns && turn % 10 === 0 && this.#files().length > 0) garbageCollector()();
      await setImmediate();
    }
  }

  end(): void {
    this.#hook.disable();
  }

  #files(): string[] {
    if (!existsSync(openFiles)) return [];
    return readdirSync(openFiles)
      .map((number) => targetOf(`${openFiles}/${number}`))
      .filter((path) => path.startsWith(this.folder + sep))
      .map((path) => `the file ${path.slice(this.folder.length + 1)}`);
  }
}

function isOpen(kind: string, resource: Resource): boolean {
  if (coming.test(kind) || kind === 'TTYWRAP') return false;
  // An interval that lets the process end runs on as long as the process does.
  if (kind === 'Timeout' && typeof resource._repeat === 'number' && resource._destroyed === false) return true;
  return resource.hasRef?.() === true;
}

/** The path of an open file; empty where it was closed meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
