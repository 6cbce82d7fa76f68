import { createHash } from 'node:crypto';

/** `sha256:` and 64 lower-case hex digits over exactly these bytes (section "Exact Bytes Rule"). */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Whether it is a digest that this standard allows; `sha256` alone is. */
export function isDigest(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}
