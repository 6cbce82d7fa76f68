import { httpForm } from '../operation/http-form.js';
import type { OutgoingCall } from '../ports/transport.js';

/**
 * All fields of a call under the names of HTTP: its own, and those that say who calls. For transports that are not HTTP.
 *
 * @param origin scheme and authority that the other side knows itself by, e.g. `mqtt://tutti`
 * @throws Problem 400 when credentials cover the call's HTTP form, and the input does not fit its path and method
 * @experimental
 */
export function fieldsOf(call: OutgoingCall, origin: string): Record<string, string> {
  const { operation, prefix, input, headers, credentials } = call;
  const shown = credentials(() => {
    const { method, target, body } = httpForm(operation, prefix, input);
    return { method, url: origin + target, headers, body };
  });
  return { ...headers, ...shown };
}

/**
 * Whether a call may be made again when nobody heard how the first one ended.
 * @experimental
 */
export function mayRepeat({ operation, headers }: OutgoingCall): boolean {
  return operation.idempotency !== 'once' || headers['idempotency-key'] !== undefined;
}
