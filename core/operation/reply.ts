/**
 * How long and by whom a representation may be kept (RFC 9111).
 * @stable since 0.1.0
 */
export interface CacheRule {
  readonly visibility: 'private' | 'public';
  /** `immutable`: the bytes under this address never change. `revalidate`: ask again with the ETag. `none`: keep nothing. */
  readonly freshness: 'immutable' | 'revalidate' | 'none';
}

/**
 * A JSON value, and what the call did.
 * @stable since 0.1.0
 */
export interface ValueReply<T> {
  readonly kind: 'value';
  readonly outcome: 'ok' | 'created' | 'accepted';
  readonly value: T;
  /** Path of the thing that was made, relative to the vendor's prefix. */
  readonly location?: string;
  /** The value's version for conditional requests: an opaque string without quotes. */
  readonly etag?: string;
}

/**
 * Nothing to say beyond success.
 * @stable since 0.1.0
 */
export interface EmptyReply {
  readonly kind: 'empty';
}

/**
 * Exact bytes. Digest and ETag are over these bytes; a binding never changes them, though it may encode them on the wire.
 * @stable since 0.1.0
 */
export interface Representation {
  readonly kind: 'representation';
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Strong validator without quotes, e.g. `sha256:...`; absent for what cannot be asked for conditionally. */
  readonly etag?: string;
  readonly cache?: CacheRule;
  /** A representation that says no: a probe of something that is not ready. */
  readonly outcome?: 'ok' | 'unavailable';
}

/**
 * One element of a stream. `id` lets a caller go on after a break: a stream whose items have ids begins after
 * `Call.resumeAfter`; one without them begins anew.
 * @stable since 0.1.0
 */
export interface StreamItem<T> {
  readonly id?: string;
  readonly event?: string;
  readonly data: T;
}

/**
 * Elements over time. The call's signal aborts when the caller goes away or the host drains; the producer is pulled, never pushed.
 * @stable since 0.1.0
 */
export interface StreamReply<T> {
  readonly kind: 'stream';
  readonly items: AsyncIterable<StreamItem<T>>;
}

/**
 * What a handler may answer, of the kind that its operation declares.
 * @stable since 0.1.0
 */
export type Reply<T> = ValueReply<T> | EmptyReply | Representation | StreamReply<T>;

/**
 * The value asked for. `etag` without quotes, for callers that ask again.
 * @stable since 0.1.0
 */
export const ok = <T>(value: T, etag?: string): ValueReply<T> => ({
  kind: 'value',
  outcome: 'ok',
  value,
  ...(etag !== undefined && { etag }),
});
/**
 * A thing was made; `location` is its path, relative to the vendor's prefix.
 * @stable since 0.1.0
 */
export const created = <T>(value: T, location?: string): ValueReply<T> => ({
  kind: 'value',
  outcome: 'created',
  value,
  ...(location !== undefined && { location }),
});
/**
 * Taken, and not done yet; `location` is where to look how it goes, relative to the vendor's prefix.
 * @stable since 0.1.0
 */
export const accepted = <T>(value: T, location?: string): ValueReply<T> => ({
  kind: 'value',
  outcome: 'accepted',
  value,
  ...(location !== undefined && { location }),
});
/**
 * Success, and nothing to say.
 * @stable since 0.1.0
 */
export const empty: EmptyReply = Object.freeze({ kind: 'empty' });
/**
 * Elements as they come. The iterator is asked for the next one when the caller can take it.
 * @stable since 0.1.0
 */
export const stream = <T>(items: AsyncIterable<StreamItem<T>>): StreamReply<T> => ({ kind: 'stream', items });
/**
 * Exact bytes; see {@link Representation}.
 * @stable since 0.1.0
 */
export const representation = (
  bytes: Uint8Array,
  mediaType: string,
  options: Pick<Representation, 'etag' | 'cache' | 'outcome'> = {},
): Representation => ({ kind: 'representation', bytes, mediaType, ...options });
