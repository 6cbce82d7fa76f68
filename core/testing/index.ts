/** What the author of a plugin tests with: `tutti/testing`. Marks of stability: see `tutti/plugin`. */

export { systemClock } from '../host/clock.js';
export {
  type BindingLack,
  type BindingSubjectOptions,
  type BindingUnderTest,
  bindingKit,
  bindingSubjects,
  type ToyCall,
} from './binding/index.js';
export * from './clock.js';
export {
  type Conformance,
  type ConformanceOptions,
  cases,
  conformance,
  type Suite,
  type SuiteCase,
  type TestCase,
} from './conformance/index.js';
export * from './context.js';
export {
  type AccountSide,
  type CredentialSubjectOptions,
  type CredentialsUnderTest,
  credentialKit,
  credentialSubjects,
} from './credentials/index.js';
export { eventKit } from './events/index.js';
export { startTestHost, type TestHost, type TestHostOptions } from './host.js';
export * from './kit.js';
export {
  type DefinitionUnderTest,
  type LifecycleSubjectOptions,
  lifecycleKit,
  lifecycleSubjects,
  type MadeEntry,
} from './lifecycle/index.js';
export { lockKit } from './lock/index.js';
export * from './loggers.js';
export { memoryEvents } from './memory-events.js';
export { memoryState } from './memory-state.js';
export {
  type HandingSide,
  type PullCredentialSubjectOptions,
  type PullCredentialsUnderTest,
  pullCredentialKit,
  pullCredentialSubjects,
} from './pull-credentials/index.js';
export { queueKit } from './queue/index.js';
export {
  type RegistryPlace,
  type RegistrySubjectOptions,
  type RegistryUnderTest,
  registryKit,
  registrySubjects,
} from './registry/index.js';
export * from './run-kit.js';
export {
  type SecretStore,
  type SecretSubjectOptions,
  type SecretUnderTest,
  secretKit,
  secretSubjects,
} from './secret/index.js';
export { stateKit } from './state/index.js';
export * from './subject.js';
export {
  declaredKit,
  type KillableApply,
  type TargetPlatform,
  type TargetSubjectOptions,
  type TargetUnderTest,
  targetKit,
  targetSubjects,
} from './target/index.js';
export { KitFailure, KitSkip, type Trial } from './trial.js';
export type { GivenUses, MadeUses } from './uses.js';
export {
  type VendorCaller,
  type VendorSample,
  type VendorSubjectOptions,
  type VendorUnderTest,
  vendorKit,
  vendorSubjects,
} from './vendor/index.js';
export {
  type FleetContent,
  type FleetDisturbance,
  type FleetSide,
  type WfmSubjectOptions,
  type WfmUnderTest,
  wfmKit,
  wfmSubjects,
} from './wfm/index.js';
