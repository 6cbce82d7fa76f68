/**
 * Waits for work, and no longer than so many milliseconds. The time runs before the work begins, and a timer is under
 * way no longer than the work.
 *
 * @param late what it rejects with when the work takes longer; it goes on then, since nothing can stop it
 */
export async function within<T>(milliseconds: number, work: () => Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([work(), over]);
  } finally {
    clearTimeout(timer);
  }
}
