import { blobs, collection } from '../../core/ports/index.js';

/** What must never go back: written in one commit with what was adopted. */
export interface Position {
  /** A position counts for one client id only: a fleet manager that gives another one starts another sequence. */
  readonly clientId: string;
  readonly version: number;
  readonly etag?: string;
}

export const positions = collection<Position>('sync-position');
export const positionKey = 'position';

/** Verified deployment documents of the adopted manifest, by digest, so that only what changed is fetched. */
export const documents = blobs('sync-documents');

/**
 * What the fleet manager has acknowledged, by deployment id. A report does not say which desire it is about, so it
 * counts for the adopted manifest alone: the same words about the next one are news, and awaited.
 */
export interface Acknowledged {
  readonly report: string;
  readonly clientId: string;
  readonly version: number;
}
export const acknowledged = collection<Acknowledged>('sync-acknowledged');
