/**
 * How long an item that has failed waits.
 *
 * @param attempts how often it was tried
 * @returns milliseconds
 */
export function retryDelay(
  attempts: number,
  { firstDelay, maxDelay }: { readonly firstDelay: number; readonly maxDelay: number },
): number {
  return Math.min(maxDelay, firstDelay * 2 ** Math.min(attempts - 1, 30));
}
