import { inspect } from 'node:util';

/** Whether a trace of a secret is in something that people may read: an error with its causes, or lines of a log. */
export function discloses(told: unknown, secret: string): boolean {
  const options = { depth: 10, maxStringLength: Number.POSITIVE_INFINITY, maxArrayLength: Number.POSITIVE_INFINITY };
  const text = typeof told === 'string' ? told : inspect(told, { ...options, showHidden: true });
  const traces = [secret.trim().slice(0, 16), Buffer.from(secret).toString('base64').slice(0, 16)];
  return traces.some((trace) => text.includes(trace));
}

/** Whether a call ended because its caller gave up, and not because of a fault of the port. */
export function isAbort(error: unknown, reason: Error): boolean {
  return error === reason || (error instanceof Error && error.name === 'AbortError');
}
