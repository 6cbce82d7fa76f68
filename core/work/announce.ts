import type { Logger } from '../plugin/logger.js';
import type { EventBus, EventType } from '../ports/events.js';

/**
 * Tells of a change that has been written. A bus that is away does not undo it, and so does not fail the call that made
 * it: events are news for others, and whoever must miss nothing follows the state.
 */
export async function announce<T>(events: EventBus, log: Logger, type: EventType<T>, payload: T): Promise<void> {
  try {
    await events.publish(type, payload);
  } catch (error) {
    log.warn(`nobody could be told of ${type.name}; what it tells of is done`, { payload, error });
  }
}
