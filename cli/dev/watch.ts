import { once } from 'node:events';
import { basename } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

/** Milliseconds without a change after which a save is taken for done: an editor makes several of one. */
const quiet = 50;
const modules = /\.(?:[cm]?[jt]sx?|json)$/;

/** Changes to a file and to the modules below some folders, several at once told as one. */
export class SourceWatch {
  readonly #file: string;
  readonly #signal: AbortSignal;
  readonly #watched = new Set<string>();
  readonly #watchers: FSWatcher[] = [];
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => undefined;

  /**
   * @param file absolute
   * @param signal aborts when nobody waits for changes any more
   */
  constructor(file: string, signal: AbortSignal) {
    this.#file = file;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /**
   * Watches the file, and these folders, from now on.
   *
   * @param ignored a folder below them that is not looked into
   * @returns whether one was not watched before: changes up to now may have been missed
   */
  async cover(folders: readonly string[], ignored?: string): Promise<boolean> {
    const added = [this.#file, ...folders].filter((path) => !this.#watched.has(path));
    if (added.length === 0) return false;
    for (const path of added) this.#watched.add(path);
    const watcher = watch(added, {
      ignoreInitial: true,
      ignored: (path, stats) =>
        !this.#watched.has(path) &&
        (path === ignored ||
          /^\.|^node_modules$/.test(basename(path)) ||
          (stats?.isFile() === true && !modules.test(path))),
    });
    this.#watchers.push(watcher);
    watcher.on('all', (_event, path) => this.#note(path));
    await once(watcher, 'ready');
    return true;
  }

  /** What changed since the last time, once there is something; nothing when the signal aborts. */
  async next(): Promise<readonly string[]> {
    while (!this.#signal.aborted && (this.#changed.size === 0 || this.#timer)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const paths = this.#signal.aborted ? [] : [...this.#changed];
    this.#changed.clear();
    return paths;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#watchers.map((watcher) => watcher.close()));
  }

  #note(path: string): void {
    this.#changed.add(path);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, quiet);
  }
}
