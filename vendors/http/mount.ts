import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallerKind, Mount, Principal } from '../../core/operation/index.js';

/** What a mount is given beside Node's own request and response. */
export interface HttpMountContext {
  /** The path below the mount as received (not decoded, without the query), starting with `/`. */
  readonly path: string;
  readonly correlationId: string;
  /**
   * Who calls, as a caller of one of `kinds`; the anonymous principal when the request holds no credentials of these.
   * @throws Problem 401 or 403 when it holds credentials that are wrong
   */
  authenticate(kinds: readonly CallerKind[]): Promise<Principal>;
  /** Values for WWW-Authenticate, one for each way in which a caller of one of `kinds` can authenticate here. */
  challenges(kinds: readonly CallerKind[]): string[];
}

/** Answers everything below a mount. It reads the body itself and ends the response itself. */
export type HttpMountHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  context: HttpMountContext,
) => Promise<void> | void;

/** A mount that the HTTP binding serves. */
export interface HttpMount extends Mount {
  readonly protocol: 'http';
  readonly handler: HttpMountHandler;
}

/** @param path relative to the vendor's prefix, e.g. `/v2` */
export function httpMount(path: string, handler: HttpMountHandler): HttpMount {
  return Object.freeze({ protocol: 'http', path, handler });
}

/** Whether a mount of the surface is one for HTTP. */
export function isHttpMount<M extends Mount>(mount: M): mount is M & HttpMount {
  return mount.protocol === 'http' && typeof mount.handler === 'function';
}
