import type { LogFields, Logger } from '../plugin/logger.js';

/**
 * One line as an entry logged it.
 * @stable since 0.1.0
 */
export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}

/**
 * A logger that keeps what it is told, oldest first.
 * @stable since 0.1.0
 */
export interface RecordingLogger extends Logger {
  readonly lines: readonly LogLine[];
}

/**
 * A logger to look into afterwards.
 * @stable since 0.1.0
 */
export function recordingLogger(): RecordingLogger {
  const lines: LogLine[] = [];
  const record =
    (level: keyof Logger) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields });
  return { lines, debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') };
}

/**
 * A logger that forgets what it is told.
 * @stable since 0.1.0
 */
export function silentLogger(): Logger {
  const forget = (): void => undefined;
  return { debug: forget, info: forget, warn: forget, error: forget };
}
