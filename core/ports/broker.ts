import type { Duplex } from 'node:stream';
import { definePort } from './port.js';

/**
 * An MQTT broker inside the host. It lets every client use what is below the client's own name only
 * (`<root>/<name>/...`), whatever name it connects under, and the host everything.
 *
 * When: between `start` and `stop`; `addresses` at any time. Each connection is its own, at the same time as others.
 * After a crash: nothing is kept, sessions and retained messages included; clients connect anew.
 * Again: each `connect` makes another connection, which whoever asked for it closes.
 * Errors: `connect` throws while the broker does not run. What a client sends never throws here; it ends that client.
 * @experimental
 */
export interface Broker {
  /** First level of all topics. */
  readonly root: string;
  /** A connection of the host itself: MQTT 3.1.1 packets, no credentials, no limits. */
  connect(): Duplex;
  /** URLs that clients connect to; none while it does not run. */
  addresses(): readonly string[];
  /** DER of the certificate that the client now connected under this name has proven to own; `undefined` without one. */
  certificateOf(name: string): Uint8Array | undefined;
}

export const Broker = definePort<Broker>('broker', 'An MQTT broker inside the host');
