import { exitCodes } from './exit-codes.js';

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A command did not do what it was asked: what went wrong, for a person, and the status that a script sees. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** What to do about it, in one line. */
    readonly advice?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const invalid = (message: string, advice?: string, options?: ErrorOptions): CommandFailure =>
  new CommandFailure(exitCodes.invalid, message, advice, options);

export const failed = (message: string, advice?: string, options?: ErrorOptions): CommandFailure =>
  new CommandFailure(exitCodes.failed, message, advice, options);

/** A library's error as one line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
