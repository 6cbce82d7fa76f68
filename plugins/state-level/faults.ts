import { StateFault } from 'tutti/plugin';

/** Says what an error of the library means for the database. What is not about the database stays as it is. */
export function stateFault(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  // That it could not be opened has a reason, which is told as its cause.
  const { code, message } =
    error.cause instanceof Error && 'code' in error.cause ? { ...error.cause, message: error.cause.message } : error;
  const options = { cause: error };
  switch (code) {
    case 'LEVEL_LOCKED':
      return new StateFault(
        'in-use',
        `another host uses ${directory}; stop it, or give this one its own data`,
        options,
      );
    case 'LEVEL_CORRUPTION':
      return new StateFault('corrupt', `${directory} is damaged; restore it from a backup`, options);
    case 'LEVEL_IO_ERROR':
      return /no space left/i.test(message)
        ? new StateFault('full', `no space left for ${directory}; nothing of this change was written`, options)
        : new StateFault('storage', `${directory}: ${message}`, options);
    case 'LEVEL_DATABASE_NOT_OPEN':
    case 'LEVEL_ITERATOR_NOT_OPEN':
      return new StateFault('closed', `${directory} is not open`, options);
    default:
      return error;
  }
}
