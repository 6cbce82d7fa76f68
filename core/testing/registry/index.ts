import { ArtifactRegistry } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { concurrentCases } from './concurrent.js';
import { credentialCases } from './credentials.js';
import { faultCases } from './fault.js';
import { integrityCases } from './integrity.js';
import { pushingCases } from './pushing.js';
import { readingCases } from './reading.js';
import { referrerCases } from './referrers.js';
import type { RegistryUnderTest } from './subject.js';

export {
  type RegistryPlace,
  type RegistrySubjectOptions,
  type RegistryUnderTest,
  registrySubjects,
} from './subject.js';

/**
 * Everything that the port of registries promises.
 *
 * @experimental
 */
export const registryKit: Kit<RegistryUnderTest> = Object.freeze({
  port: ArtifactRegistry.id,
  cases: [
    ...readingCases,
    ...referrerCases,
    ...pushingCases,
    ...integrityCases,
    ...credentialCases,
    ...faultCases,
    ...concurrentCases,
  ],
});
