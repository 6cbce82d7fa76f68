import { internalProblem, Problem, type StreamItem } from '../../core/operation/index.js';
import type { Logger } from '../../core/plugin/index.js';
import type { Flow } from './flow.js';
import { endReply, itemReply, type Reply } from './wire/index.js';

export interface StreamOptions {
  /** The message that says that it has begun. */
  readonly beginning: Reply;
  readonly flow: Flow;
  /** Aborts when nobody wants more. */
  readonly signal: AbortSignal;
  readonly draining: () => boolean;
  /** A problem in the vendor's words. */
  readonly presented: (problem: Problem) => Problem;
  readonly log: Logger;
  /** Resolves when the broker has it. */
  readonly send: (reply: Reply) => Promise<void>;
}

/**
 * Items are asked for one by one: each when its caller takes another, or, where the caller does not say, when the broker
 * has the one before.
 */
export async function sendStream(items: AsyncIterable<StreamItem<unknown>>, options: StreamOptions): Promise<void> {
  const { beginning, flow, signal, draining, log, send } = options;
  await send(beginning);
  let seq = 0;
  try {
    const iterator = items[Symbol.asyncIterator]();
    for (;;) {
      await flow.take();
      const next = signal.aborted ? undefined : await iterator.next();
      if (next === undefined || signal.aborted) await iterator.return?.();
      if (next === undefined || next.done === true || signal.aborted) break;
      seq += 1;
      const taken = send(itemReply(next.value, seq));
      if (!flow.windowed) await taken;
    }
    await send(endReply(draining() ? 'draining' : 'done', seq + 1));
  } catch (error) {
    if (!signal.aborted) log.error('a stream broke', { error });
    const problem = options.presented(error instanceof Problem ? error : internalProblem());
    await send(endReply(draining() ? 'draining' : 'failed', seq + 1, problem));
  }
}
