/** Error codes of OCI Distribution v1.1, "Error Codes", and the two that docker's registry adds for its own trouble. */
export type DistributionCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  | 'UNAVAILABLE'
  | 'UNKNOWN';

export interface DistributionFaultDetails {
  readonly detail?: unknown;
  /** Header fields that belong to the answer. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** What the registry refuses, in the words of OCI Distribution. Throw it anywhere below the handler. */
export class DistributionFault extends Error {
  override readonly name = 'DistributionFault';
  readonly headers: Readonly<Record<string, string>>;
  readonly detail: unknown;

  constructor(
    readonly status: number,
    readonly code: DistributionCode,
    message: string,
    details: DistributionFaultDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.headers = details.headers ?? {};
    this.detail = details.detail;
  }

  /** The JSON body (OCI Distribution v1.1, "Error Codes"). */
  body(): object {
    const { code, message, detail } = this;
    return { errors: [{ code, message, ...(detail !== undefined && { detail }) }] };
  }
}

/** ENOSPC and its relatives become what a pusher can understand; anything else passes unchanged. */
export function storageFault(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') return error;
  return new DistributionFault(507, 'UNAVAILABLE', 'the disk of the registry is full; nothing was stored', {
    cause: error,
  });
}
