import type { Kit } from '../kit.js';
import { basic } from './basic.js';
import { concurrent } from './concurrent.js';
import { crash } from './crash.js';
import type { TargetUnderTest } from './platform.js';
import { preview } from './preview.js';

export { declaredKit } from './declared.js';
export type { KillableApply, TargetPlatform, TargetUnderTest } from './platform.js';

/**
 * What every target promises: see `TargetProvider`.
 * @experimental
 */
export const targetKit: Kit<TargetUnderTest> = {
  port: 'target',
  cases: [...basic, ...preview, ...concurrent, ...crash],
};
