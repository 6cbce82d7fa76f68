import { randomUUID } from 'node:crypto';
import { bearer, type Client, clientOf } from '../../core/client/index.js';
import type { Transport } from '../../core/ports/transport.js';
import * as operations from '../../vendors/operator/operations.js';
import type { Connection } from './connection.js';

/** The operator API of one host: a method for each of its operations. */
export type Operator = Client<typeof operations>;

/**
 * A call that makes something has a key of its own, so that a transport which loses the connection over it may ask again
 * and nothing is made twice.
 *
 * @param signal ends all calls and streams
 */
export function operatorOver(
  transport: Transport,
  { prefix, token }: Pick<Connection, 'prefix' | 'token'>,
  signal: AbortSignal,
): Operator {
  return clientOf(operations, { transport, prefix, credentials: bearer(token), signal, idempotencyKey: randomUUID });
}
