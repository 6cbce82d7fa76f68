import { EventBus } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { crashCases } from './crash.js';
import { deliveryCases } from './delivery.js';
import { durableCases } from './durable.js';
import { failureCases } from './failure.js';
import { performanceCases } from './performance.js';
import { stoppingCases } from './stopping.js';

/**
 * Everything that the event port promises.
 *
 * @stable since 0.1.0
 */
export const eventKit: Kit<EventBus> = Object.freeze({
  port: EventBus.id,
  cases: [...deliveryCases, ...failureCases, ...stoppingCases, ...durableCases, ...crashCases, ...performanceCases],
});
