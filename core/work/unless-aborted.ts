/**
 * As `work`, but no longer than until the signal aborts: who hangs hears no signal.
 *
 * @throws the signal's reason as soon as it aborts, whether `work` heeds it or not
 */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
