import type { Definition } from '../../plugin/definition.js';
import type { BindingSubjectOptions } from '../binding/index.js';
import type { CredentialSubjectOptions } from '../credentials/index.js';
import type { ExpectedFailure } from '../kit-options.js';
import type { MakeSubject } from '../kit-subject.js';
import type { LifecycleSubjectOptions } from '../lifecycle/index.js';
import type { PullCredentialSubjectOptions } from '../pull-credentials/index.js';
import type { RegistrySubjectOptions } from '../registry/index.js';
import type { SecretSubjectOptions } from '../secret/index.js';
import type { SubjectOptions } from '../subject.js';
import type { TargetSubjectOptions, TargetUnderTest } from '../target/index.js';
import type { VendorSubjectOptions } from '../vendor/index.js';
import type { WfmSubjectOptions } from '../wfm/index.js';

/** What the kit of a port needs beside what is said once for all kits. */
type Means<Options> = Omit<Options, 'config' | 'uses' | 'clock'>;

/**
 * A definition, and what its kits need to try it. Beside `definition`, only what cannot be done without.
 *
 * @stable since 0.1.0
 */
export interface ConformanceOptions extends LifecycleSubjectOptions {
  readonly definition: Definition;
  /** Cases that it is known to fail, by their names. */
  readonly expectedFailures?: readonly ExpectedFailure[];
  /** State: how another process makes the provider, to be killed. Without it, no process is killed. */
  readonly state?: Pick<SubjectOptions, 'crash'>;
  /** Buses that are durable: how another process makes one, to be killed. Without it, no process is killed. */
  readonly events?: Pick<SubjectOptions, 'crash'>;
  /** Locks: whether several hosts share one, and how another process makes it, to be killed. Without it, neither is tried. */
  readonly lock?: Pick<SubjectOptions, 'crash' | 'shared'>;
  /** Work queues: the same. */
  readonly queue?: Pick<SubjectOptions, 'crash' | 'shared'>;
  /** Targets: the platform as it is seen by another door, or who makes whole subjects. */
  readonly target?: Means<TargetSubjectOptions> | MakeSubject<TargetUnderTest>;
  /** Registries: the config for a registry that the kit runs. */
  readonly registry?: RegistrySubjectOptions;
  /** Accounts for devices: the registry that they are made in, by another door. */
  readonly credentials?: CredentialSubjectOptions;
  /** What a device is handed for its pulls: whoever hands it over. */
  readonly pullCredentials?: PullCredentialSubjectOptions;
  /** Secrets: the store by another door. */
  readonly secret?: Means<SecretSubjectOptions>;
  /** A device's line: the fleet manager at its other end. */
  readonly wfm?: WfmSubjectOptions;
  /** Vendors: calls to try, at least one for each operation. */
  readonly samples?: VendorSubjectOptions['samples'];
  /** Bindings: the other end of the line. */
  readonly binding?: Means<BindingSubjectOptions>;
}
