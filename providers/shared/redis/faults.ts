/** What Redis or the way to it says, in one line without the name of a class. */
export function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return wordsOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'MaxRetriesPerRequestError') return 'the connection was lost before the answer came';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return error.message === '' ? code || error.name : error.message;
}

/** Whether it will say the same however often it is asked: this client is not let in, or is not understood. */
export function isRefusal(words: string): boolean {
  return /^(?:WRONGPASS|NOAUTH|NOPERM|ERR (?:AUTH|DB index|invalid DB))|certificate|SSL|wrong version number/i.test(
    words,
  );
}

/** The first word of an error that Redis answered with, such as `OOM`; empty for one that is not an answer. */
export function answerCode(error: unknown): string {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return '';
  return /^[A-Z]+/.exec(error.message)?.[0] ?? '';
}
