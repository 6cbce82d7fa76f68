import type { FaultCollector } from './faults.js';

/** `password: ...` to the end of the line, quoted or not, in flow or block style. */
const suspectKey =
  /(?:passw|secret|token|credential|passphrase|private[-_]?key|api[-_]?key|auth)[\w-]*["']?\s*:\s*(\S.*)$/gim;
/** A run such as keys and tokens have. */
const suspectRun = /[A-Za-z0-9+/=_-]{20,}/g;

/**
 * Masks what looks like a secret. Only for files that cannot be read as a whole: there no schema can say what is secret,
 * yet the faulty line is shown.
 */
export function maskSuspects(source: string, faults: FaultCollector): void {
  for (const { 0: whole, 1: value = '', index } of source.matchAll(suspectKey)) {
    const end = index + whole.length;
    faults.mask({ start: end - value.length, end });
  }
  for (const { 0: run, index } of source.matchAll(suspectRun)) faults.mask({ start: index, end: index + run.length });
}
