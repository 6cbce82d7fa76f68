import type { Ref } from '../ports/port.js';
import type { Crossing } from './remote.js';

/** How the interface behind a ref crosses over; `undefined` where it cannot. */
export function crossingOf(ref: Ref<unknown>): Crossing | undefined {
  return ref.boundary as Crossing | undefined;
}
