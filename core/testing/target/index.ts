import type { Kit } from '../kit.js';
import { basic } from './basic.js';
import { components } from './components.js';
import { concurrent } from './concurrent.js';
import { convergent } from './convergent.js';
import { crash } from './crash.js';
import { fault } from './fault.js';
import { identity } from './identity.js';
import type { TargetUnderTest } from './platform.js';
import { preview } from './preview.js';
import { requests } from './requests.js';

export { declaredKit } from './declared.js';
export type { KillableApply, TargetPlatform, TargetUnderTest } from './platform.js';
export { type TargetSubjectOptions, targetSubjects } from './subjects.js';

/**
 * What every target promises: see `TargetProvider`.
 *
 * @stable since 0.1.0
 */
export const targetKit: Kit<TargetUnderTest> = Object.freeze({
  port: 'target',
  cases: [
    ...basic,
    ...requests,
    ...identity,
    ...components,
    ...preview,
    ...convergent,
    ...concurrent,
    ...fault,
    ...crash,
  ],
});
