/** Names of the metadata that stand beside a reply, as HTTP has them where it has them. */
export const replyFields = {
  etag: 'etag',
  location: 'location',
  /** `created` or `accepted`; nothing for what is neither. */
  outcome: 'outcome',
  /** `true` where the caller has the value already; the message is empty then. */
  notModified: 'not-modified',
  challenges: 'www-authenticate',
  retryAfter: 'retry-after',
  correlation: 'x-correlation-id',
  /** A google.rpc.Status. */
  details: 'grpc-status-details-bin',
} as const;

/**
 * Says of a request what its message is: `json` for the input as JSON in UTF-8. So a caller sends what does not fit the
 * types: the host judges it as it would over HTTP, and not before it has looked at who calls.
 */
export const inputForm = { field: 'input-form', json: 'json' } as const;

/** Asks for a value, or the items of a stream, as JSON in UTF-8: for callers that have no types for them. */
export const outputForm = { field: 'output-form', json: 'json' } as const;
