import {
  type Change,
  type DesiredApplication,
  type EventType,
  eventType,
  ref,
  type StatusReport,
  type TargetCapabilities,
} from '../../core/ports/index.js';

/** An application that shall run here, or one that must not, with the reason. */
export type Wanted =
  | { readonly application: DesiredApplication; readonly refused?: never }
  /** A deployment that cannot be run on this device (not eligible, not readable): reported as failed, never applied. */
  | { readonly refused: string; readonly id: string; readonly name: string; readonly components: readonly string[] };

/** One step of a plan. Each says why it is there. */
export interface Step {
  readonly kind: 'install' | 'update' | 'repair' | 'remove';
  readonly component: string;
  /** Name of the target entry that carries it out. */
  readonly target: string;
  readonly reason: string;
}

/** A step that has not been taken. */
export interface PlannedStep extends Step {
  /** What the target would do, a few words each; absent where it cannot say (no dry run), and of removals. */
  readonly effects?: readonly string[];
}

/** What would be done about an application now. */
export interface Foresight {
  readonly steps: readonly PlannedStep[];
  /** Why it is not run here. */
  readonly refused?: string;
}

/** How an application is, as far as this agent knows, and what it is doing about it. */
export interface ApplicationStatus {
  readonly report: StatusReport;
  readonly name: string;
  /** What is being done now, for a person. */
  readonly doing?: string;
  /** Milliseconds since the epoch of the next try, when the last one failed. */
  readonly retryAt?: number;
}

/** Published on every change of an application's status. Carries the id alone: the status is read, not sent. */
export const ApplicationStatusChanged: EventType<{ readonly id: string }> = eventType('reconcile.status-changed');

/** Makes the device be as desired, and keeps it so. */
export interface ReconcileManager {
  /**
   * Takes a complete desired state in place of the one before, and begins to work towards it.
   * @param alongside written in the same atomic commit, so that what was adopted and what is remembered of it agree
   */
  adopt(wanted: readonly Wanted[], alongside: readonly Change[]): Promise<void>;
  statuses(): readonly ApplicationStatus[];
  status(id: string): ApplicationStatus | undefined;
  /** Forgets an application whose removal has been reported. */
  forget(id: string): Promise<void>;
  /**
   * What would be done about an application if it were looked at now; nothing is done.
   * @throws Problem 404 when nobody knows it, 503 when a target cannot be asked
   */
  plan(id: string, signal: AbortSignal): Promise<Foresight>;
  /**
   * The newest lines of a component's output, oldest first.
   * @throws Problem 404 when nothing of it is here, 503 when its target cannot be asked
   */
  logs(id: string, component: string, lines: number): Promise<readonly string[]>;
  /** What all targets together can do. */
  capabilities(): Promise<ReadonlyMap<string, TargetCapabilities>>;
}

export const ReconcileManager = ref<ReconcileManager>('manager.reconcile');
