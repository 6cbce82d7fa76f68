import { EventBus } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { deliveryCases } from './delivery.js';
import { failureCases } from './failure.js';

/**
 * Everything that the event port promises.
 * @experimental
 */
export const eventKit: Kit<EventBus> = Object.freeze({
  port: EventBus.id,
  cases: [...deliveryCases, ...failureCases],
});
