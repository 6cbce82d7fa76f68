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
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

const hidden = '[secret]';

/** Structured log through winston, one line an event, to `output` (standard error unless told). */
export function createLog(settings: LogSettings, output: Writable = process.stderr): HostLog {
  const secrets = new Set<string>();
  const conceal = (text: string): string => {
    let clean = text;
    for (const secret of secrets) clean = clean.replaceAll(secret, hidden);
    return clean;
  };
  const transport = new winston.transports.Stream({ stream: output as NodeJS.WritableStream });
  const logger = winston.createLogger({
    level: settings.level,
    format: winston.format.printf((info) => conceal(settings.format === 'json' ? asJson(info) : asText(info))),
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
      for (const value of values) secrets.add(value);
    },
    close: () =>
      new Promise((resolve) => {
        closed = true;
        logger.once('finish', resolve);
        logger.end();
      }),
  };
}

function asJson(info: winston.Logform.TransformableInfo): string {
  const { time, level, entry, message, ...fields } = info;
  return JSON.stringify({ time, level, entry, message, ...fields }, serialise);
}

function asText(info: winston.Logform.TransformableInfo): string {
  const { time, level, entry, message, correlationId: call, ...fields } = info;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value, serialise)}`);
  const suffix = call === undefined ? '' : ` (${String(call)})`;
  return `${String(time)} ${level.toUpperCase().padEnd(5)} ${String(entry)}: ${String(message)}${rest.join('')}${suffix}`;
}

function serialise(_key: string, value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    return { name, message, stack, ...(cause !== undefined && { cause: serialise('', cause) }) };
  }
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
  return value;
}
