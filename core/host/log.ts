import type { Writable } from 'node:stream';
import winston from 'winston';
import { correlationId } from '../correlation/index.js';
import type { LogFields, Logger } from '../plugin/logger.js';
import { KnownSecrets } from './known-secrets.js';
import { membersOf, presentable } from './presentable.js';

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'json' | 'text';
}

/** The log of one host. Entries get a child each. */
export interface HostLog {
  readonly root: Logger;
  of(entry: string): Logger;
  /** Takes values that must never be written. @see KnownSecrets */
  hide(source: string, values: readonly string[]): void;
  /** Writes as these settings say from the next line on. */
  apply(settings: LogSettings): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/** Structured log through winston, one line an event, to `output` (standard error unless told). */
export function createLog(settings: LogSettings, output: Writable = process.stderr): HostLog {
  const secrets = new KnownSecrets();
  const conceal = (text: string): string => secrets.conceal(text);
  const renderAs = { json: asJson, text: asText };
  let { format } = settings;
  const transport = new winston.transports.Stream({ stream: output as NodeJS.WritableStream });
  const logger = winston.createLogger({
    level: settings.level,
    format: winston.format.printf(({ told }) => renderAs[format](presentable(told, conceal) as Told)),
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
        const given = fields && membersOf(fields);
        // In one value: among its own keys winston takes some for orders (`exception`, `level`).
        const told = { time: new Date().toISOString(), level, entry, message, call, fields: given };
        logger.log({ level, message, told });
      };
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  };

  return {
    root: of('host'),
    of,
    hide: (source, values) => secrets.learn(source, values),
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

/** An event as the host tells it, with the fields that an entry gave it. */
interface Told {
  readonly time: string;
  readonly level: LogSettings['level'];
  readonly entry: string;
  readonly message: unknown;
  readonly call?: string | undefined;
  readonly fields?: LogFields | undefined;
}

function asJson({ time, level, entry, message, call, fields }: Told): string {
  return JSON.stringify({ time, level, entry, message, correlationId: call, ...beside(fields) });
}

function asText({ time, level, entry, message, call, fields }: Told): string {
  const rest = Object.entries(beside(fields)).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  const suffix = call === undefined ? '' : ` (${call})`;
  return `${time} ${level.toUpperCase().padEnd(5)} ${entry}: ${String(message)}${rest.join('')}${suffix}`;
}

/** What only the host says of an event, and where fields of an entry go that are called so. */
const ownNames: ReadonlySet<string> = new Set(['time', 'level', 'entry', 'message', 'correlationId', 'fields']);

/** The fields as a line has them: what is called as something of the host's own stands under `fields`. */
function beside(fields: LogFields | undefined): LogFields {
  const all = Object.entries(fields ?? {});
  const clashing = all.filter(([name]) => ownNames.has(name));
  const own = all.filter(([name]) => !ownNames.has(name));
  return Object.fromEntries(clashing.length === 0 ? own : [...own, ['fields', Object.fromEntries(clashing)]]);
}
