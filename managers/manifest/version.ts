import type { ForeignEtag } from './record.js';

/**
 * Versions of one epoch. A store restored from a backup has lost the versions that it gave out since; moving to the
 * next epoch passes all of them as long as fewer than this many were lost. Small enough that the first sixteen epochs
 * stay exact in the 32-bit floats that some clients keep versions in.
 */
export const epochSize = 2 ** 20;

const minute = 60_000;
/** Waiting for the same ETag doubles up to here, milliseconds. */
const longestWait = 60 * minute;

/**
 * The version after `previous`.
 * @throws RangeError beyond the integers that JSON numbers keep exactly
 */
export function nextVersion(previous: number, epoch: number): number {
  const version = Math.max(previous + 1, epoch * epochSize + 1);
  if (!Number.isSafeInteger(version)) throw new RangeError(`manifest version ${version} is beyond the safe integers`);
  return version;
}

/** The first epoch that begins after `version`. */
export function epochAfter(version: number, epoch: number): number {
  return Math.max(epoch, Math.floor((version - 1) / epochSize)) + 1;
}

/**
 * Whether an ETag that was never issued moves the epoch now: once a minute for a client, and for the same ETag in ever
 * longer steps. A client that is still working on the manifest it got keeps showing the old ETag; it must not be driven
 * through the epochs meanwhile. One that refused the manifest, because more than one epoch was lost, gets on all the same.
 */
export function mayAdvance(last: ForeignEtag | undefined, etag: string, now: number): boolean {
  if (!last) return true;
  const wait = last.etag === etag ? Math.min(minute * 2 ** (last.times - 1), longestWait) : minute;
  return now - last.at >= wait;
}

/** What is remembered of an ETag that moved the epoch. */
export function noteForeign(last: ForeignEtag | undefined, etag: string, now: number): ForeignEtag {
  return { etag, times: last?.etag === etag ? last.times + 1 : 1, at: now };
}
