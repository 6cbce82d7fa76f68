import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { bearer, type Client, clientOf } from '../../core/client/index.js';
import { Problem } from '../../core/operation/index.js';
import { TransportFault } from '../../core/ports/index.js';
import { httpTransport } from '../../providers/transport/http/index.js';
import type { DeploymentAnswer } from '../../vendors/operator/answers.js';
import * as operations from '../../vendors/operator/operations.js';

export type Northbound = Client<typeof operations>;
export type Deployment = DeploymentAnswer;

/** The operator API behind an address, with a token. */
export function northbound(url: string, ca: string, token: string): Northbound {
  return clientOf(operations, {
    transport: httpTransport({ url, ca, maxConnections: 16, silence: 20_000 }),
    prefix: '/nbi/v1',
    credentials: bearer(token),
  });
}

/** Milliseconds between attempts. */
const again = 100;

/** Makes calls again until they are answered, and tells how often that was needed. */
export class Persistence {
  readonly #events = new EventEmitter<{ unanswered: [] }>();

  constructor(readonly signal: AbortSignal) {}

  /** Nobody there, or a store that is away, says nothing of the call itself. */
  async until<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!isAway(error)) throw error;
        this.#events.emit('unanswered');
        await pause(again, undefined, { signal: this.signal });
      }
    }
  }

  /** Resolves when so many calls more were not answered. */
  async unanswered(count: number): Promise<void> {
    for (let left = count; left > 0; left--) await once(this.#events, 'unanswered', { signal: this.signal });
  }
}

/** What was asked is open still. */
export class Unanswered extends Error {}

function isAway(error: unknown): boolean {
  if (error instanceof Unanswered) return true;
  return error instanceof TransportFault || (error instanceof Problem && error.kind.status >= 500);
}
