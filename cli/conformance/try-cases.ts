import { PluginProcess, ProcessLost, type Program } from './plugin-process.js';
import type { CaseResult, PlannedCase } from './protocol.js';

/** A case, and how it ended. */
export interface TriedCase extends PlannedCase, CaseResult {
  readonly at: number;
}

export interface TryOptions {
  /** Of the plugin. */
  readonly path: string;
  readonly program: Program;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Which of its cases are tried. */
  readonly select: (cases: readonly PlannedCase[]) => readonly PlannedCase[];
  /** Told before each case. */
  readonly progress: (each: PlannedCase, number: number, of: number) => void;
  /** Milliseconds that a plugin may keep its process busy; 60,000 unless told. */
  readonly busy?: number;
}

/** What could be tried. @throws CommandFailure */
export async function listCases({ path, program, select }: TryOptions): Promise<readonly PlannedCase[]> {
  const child = new PluginProcess(program);
  try {
    return select(await child.load(path));
  } finally {
    await child.end();
  }
}

/**
 * Tries the cases of a plugin in a process of its own. A case that ends the process, or keeps it busy for ever, has failed.
 * After a failure, the next case is tried in another process.
 *
 * @throws CommandFailure when there is nothing to try; the reason of the signal when it aborts
 */
export async function tryCases(options: TryOptions): Promise<readonly TriedCase[]> {
  const { path, program, seed, signal, busy } = options;
  let child = new PluginProcess(program, busy);
  const stop = (): void => void child.end();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const selected = options.select(await child.load(path));
    const tried: TriedCase[] = [];
    for (const [index, each] of selected.entries()) {
      signal.throwIfAborted();
      options.progress(each, index + 1, selected.length);
      const result = await tryOne(child, each, seed);
      signal.throwIfAborted();
      tried.push({ ...each, ...result });
      if (result.status !== 'failed' || index + 1 === selected.length) continue;
      // What it has left must not disturb the next.
      await child.end();
      child = new PluginProcess(program, busy);
      await child.load(path);
    }
    return tried;
  } finally {
    signal.removeEventListener('abort', stop);
    await child.end();
  }
}

async function tryOne(child: PluginProcess, { at, name, level }: PlannedCase, seed: number): Promise<CaseResult> {
  const began = performance.now();
  try {
    return await child.run(at, { seed });
  } catch (error) {
    if (!(error instanceof ProcessLost)) throw error;
    const what = 'the process that the plugin runs in';
    const failure = { what, expected: 'it to go on', found: error.message, reproduce: { calls: [], seed } };
    return { name, level, status: 'failed', milliseconds: Math.round(performance.now() - began), failure };
  }
}
