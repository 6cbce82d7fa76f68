import type { DesiredApplication, TargetProvider } from '../../ports/index.js';

/**
 * The platform behind a target, seen by the other door: not through the target, which might be mistaken, but as an
 * operator with a shell would see it. Whoever tests a target writes one; what cannot be had on a platform throws `KitSkip`
 * with the reason.
 *
 * @stable since 0.1.0
 */
export interface TargetPlatform {
  /**
   * A deployment of one component that the target can run, with `wait`. Two versions of one id differ in what
   * `running` reports of them. Deployments of several components the kit makes itself: the same one under further names.
   * So whatever is asked here of a component is about the one of this name alone.
   */
  application(id: string, version: string): DesiredApplication;
  /** One whose artifact is nowhere. */
  missing(id: string): DesiredApplication;
  /** One that is not running for as long as the case lasts, however long one waits for it. */
  stuck(id: string): DesiredApplication;
  /** One whose workload ends with an error as soon as it is started. Absent: there is no such thing here. */
  failing?(id: string): DesiredApplication;
  /** The versions that the copies of a component running now report, one for each copy. */
  running(applicationId: string, component: string): Promise<readonly string[]>;
  /** How many times the component was started since it was first installed. */
  starts(applicationId: string, component: string): Promise<number>;
  /** Ends the component's workload as a crash would. */
  crash(applicationId: string, component: string): Promise<void>;
  /** Everything of the target that is left on the platform; a line each, for a person. */
  leftovers(): Promise<readonly string[]>;
  /** Applies in a process of its own, which starts a target over the same data. Absent: it cannot be killed. */
  applyElsewhere?(application: DesiredApplication, component: string): KillableApply;
}

/**
 * An agent of its own that has begun to start and will apply.
 *
 * @stable since 0.1.0
 */
export interface KillableApply {
  /** Settles when the agent is about to apply. */
  readonly begun: Promise<void>;
  /** Settles when the agent has applied, or was killed. */
  readonly ended: Promise<void>;
  /** kill -9; resolves when the agent is gone. */
  kill(): Promise<void>;
}

/**
 * A target with the platform that it works on.
 *
 * @stable since 0.1.0
 */
export interface TargetUnderTest extends TargetProvider {
  readonly platform: TargetPlatform;
}
