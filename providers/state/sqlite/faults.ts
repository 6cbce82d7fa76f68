import { StateFault } from '../../../core/ports/index.js';

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that a person can do something about. */
const busy = 5;
const locked = 6;
const readonly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const protocol = 15;
const notADatabase = 26;

/** Says what an error of the library means for the file. An error that is not about the file is returned as it is. */
export function stateFault(error: unknown, file: string): Error {
  if (!(error instanceof Error)) return new StateFault('storage', `${file}: ${String(error)}`);
  if (!('errcode' in error) || typeof error.errcode !== 'number') return error;
  const options = { cause: error };
  // The lowest byte is the primary code; the rest refines it.
  switch (error.errcode & 0xff) {
    case busy:
    case locked:
    case protocol:
      return new StateFault(
        'in-use',
        `${file} is in use, by another host or another entry of this one; give each a file of its own`,
        options,
      );
    case full:
      return new StateFault('full', `no space left for ${file}; nothing of this change was written`, options);
    case corrupt:
    case notADatabase:
      return new StateFault('corrupt', `${file} is damaged or no database; restore it from a backup`, options);
    case readonly:
    case ioError:
    case cannotOpen:
      return new StateFault('storage', `${file}: ${error.message}`, options);
    default:
      // About what was asked (too large, a constraint), not about the file.
      return error;
  }
}
