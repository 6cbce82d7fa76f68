import type { EventEmitter } from 'node:events';

/** How the calls of a server end, when it does not wait for them to end by themselves. */
export interface Ending {
  /** Aborts when the server takes no more work: streams end, and connections close after the reply under way. */
  readonly draining: AbortSignal;
  /** Aborts when the time to finish what is under way is over. */
  readonly over: AbortSignal;
}

/**
 * Aborts when a caller goes away, and with `end`. `end` outlives its calls: `AbortSignal.any` would have it remember each
 * of them.
 *
 * @param caller what tells of it, by an event
 * @param gone whether it has gone already
 */
export function endedBy(caller: EventEmitter, event: string, gone: boolean, end: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => {
    end.removeEventListener('abort', abort);
    caller.off(event, abort);
    controller.abort();
  };
  if (gone || end.aborted) {
    controller.abort();
  } else {
    end.addEventListener('abort', abort);
    caller.on(event, abort);
  }
  return controller.signal;
}

/**
 * Resolves when what was written has been taken, or nobody is there to take it; leaves no listener behind.
 *
 * @param event by which a stream tells that nobody is there
 */
export function taken(stream: EventEmitter, event: string, gone: boolean): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off(event, done);
      resolve();
    };
    if (gone) resolve();
    else stream.on('drain', done).on(event, done);
  });
}
