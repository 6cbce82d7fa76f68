import { StateProvider } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { basicCases } from './basic.js';
import { concurrentCases } from './concurrent.js';
import { convergentCases } from './convergent.js';
import { crashCases } from './crash.js';
import { durableCases } from './durable.js';
import { largeCases } from './large.js';
import { listingCases } from './listing.js';
import { modelCases } from './model.js';
import { nameCases } from './names.js';
import { performanceCases } from './performance.js';
import { valueCases } from './values.js';
import { watchCases } from './watch.js';

/**
 * Everything that the state port promises.
 *
 * @stable since 0.1.0
 */
export const stateKit: Kit<StateProvider> = Object.freeze({
  port: StateProvider.id,
  cases: [
    ...basicCases,
    ...valueCases,
    ...nameCases,
    ...listingCases,
    ...largeCases,
    ...concurrentCases,
    ...watchCases,
    ...convergentCases,
    ...modelCases,
    ...durableCases,
    ...crashCases,
    ...performanceCases,
  ],
});
