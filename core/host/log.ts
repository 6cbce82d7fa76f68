import type { Writable } from 'node:stream';
import winston from 'winston';
import { correlationId } from '../correlation/index.js';
import type { LogFields, Logger } from '../plugin/logger.js';

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'json' | 'text';
}

/** The log of one host. Entries get a child each; `hide` takes values that must never be written. */
export interface HostLog {
  readonly root: Logger;
  of(entry: string): Logger;
  hide(secrets: readonly string[]): void;
  /** Writes as these settings say from the next line on. */
  apply(settings: LogSettings): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

const hidden = '[secret]';

/** Structured log through winston, one line an event, to `output` (standard error unless told). */
export function createLog(settings: LogSettings, output: Writable = process.stderr): HostLog {
  // The longest first: what is left of a secret after a shorter one within it was hidden would be told.
  let secrets: readonly string[] = [];
  const conceal = (text: string): string => secrets.reduce((clean, secret) => clean.replaceAll(secret, hidden), text);
  const renderAs = { json: asJson, text: asText };
  let { format } = settings;
  const transport = new winston.transports.Stream({ stream: output as NodeJS.WritableStream });
  const logger = winston.createLogger({
    level: settings.level,
    format: winston.format.printf((info) => renderAs[format](presentable(info, conceal) as Line)),
    transports: [transport],
  });

  // What a socket has to say after everything has stopped is no reason to end the process with an error.
  let closed = false;
  const of = (entry: string): Logger => {
    const write =
      (level: LogSettings['level']) =>
      (message: string, fields?: LogFields): void => {
        if (closed || !logger.isLevelEnabled(level)) return;
        const call = correlationId();
        logger.log({
          level,
          message,
          time: new Date().toISOString(),
          entry,
          ...(call !== undefined && { correlationId: call }),
          ...fields,
        });
      };
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  };

  return {
    root: of('host'),
    of,
    hide: (values) => {
      if (values.every((value) => secrets.includes(value))) return;
      secrets = [...new Set([...secrets, ...values])].sort((a, b) => b.length - a.length);
    },
    apply: (changed) => {
      logger.level = changed.level;
      format = changed.format;
    },
    close: () =>
      new Promise((resolve) => {
        closed = true;
        logger.once('finish', resolve);
        logger.end();
      }),
  };
}

type Line = Readonly<Record<string, unknown>>;

function asJson({ time, level, entry, message, ...fields }: Line): string {
  return JSON.stringify({ time, level, entry, message, ...fields });
}

function asText({ time, level, entry, message, correlationId: call, ...fields }: Line): string {
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  const suffix = call === undefined ? '' : ` (${String(call)})`;
  return `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${String(entry)}: ${String(message)}${rest.join('')}${suffix}`;
}

/**
 * A value as JSON can have it, with secrets hidden in every text. Before it becomes JSON: afterwards a secret with a
 * quote or a line break in it would no longer look like itself.
 */
function presentable(value: unknown, conceal: (text: string) => string, within: readonly unknown[] = []): unknown {
  if (typeof value === 'string') return conceal(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
  if (within.includes(value)) return '[circular]';
  const below = (member: unknown): unknown => presentable(member, conceal, [...within, value]);
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    return below({ name, message, stack, ...(cause !== undefined && { cause }) });
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return below(value.toJSON());
  if (Array.isArray(value)) return value.map(below);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [conceal(key), below(member)]));
}
