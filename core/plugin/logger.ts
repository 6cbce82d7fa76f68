/**
 * Facts that go with a log line, beside what the host says itself: `time`, `level`, `entry`, `message` and
 * `correlationId`. A fact with one of these names, or `fields`, is written below `fields` and replaces nothing. Values
 * under a name that the schema marks secret never get here.
 * @stable since 0.1.0
 */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured log of one entry. Every line carries the entry's name and the correlation id of the call under way.
 * @stable since 0.1.0
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
