import { z } from 'zod';
import { schema } from '../operation/schema.js';
import { definePort } from './port.js';
import type { Json } from './state.js';

/**
 * What a device offers to workloads, in the terms of placement (units as in Kubernetes quantities: `4Gi`).
 * @stable since 0.1.0
 */
export interface TargetFacts {
  readonly cpus: readonly { readonly cores: number; readonly architecture?: string }[];
  readonly memory: string;
  readonly storage: string;
  /** What runs the workloads here, where the platform tells: `containerd` `1.4.13`. */
  readonly runtime?: TargetRuntime;
}

/**
 * The program that runs workloads on a target, as it calls itself, in lower case.
 * @experimental
 */
export interface TargetRuntime {
  readonly name: string;
  readonly version: string;
}

/**
 * What of a component makes the running one out of date when it changes, by name. `*` is all.
 * @experimental
 */
export interface ChangeRules {
  readonly properties: readonly string[];
  readonly parameters: readonly string[];
}

/**
 * A kind of component that a target runs. Whoever asks for a component is held to it before the target hears of it: the
 * schemas become JSON Schema on the way, so what only code can check (a refinement, a transform) is left to `apply`.
 * @experimental
 */
export interface ComponentType {
  /** Deployment type: `custom`, `compose`, `helm`, or one of the target's own. */
  readonly deploymentType: string;
  /**
   * What {@link DesiredComponent.properties} must be like. A document may hold more than a target knows: a schema that
   * refuses unknown keys (`strictObject`) refuses those deployments.
   */
  readonly properties: z.ZodType;
  /** What {@link DesiredComponent.parameters} must be like; anything unless told. */
  readonly parameters?: z.ZodType;
  readonly changes: ChangeRules;
}

/**
 * What a definition of a target declares, before anything is made of it.
 * @experimental
 */
export interface TargetDeclaration {
  readonly components: readonly ComponentType[];
  /** Whether its targets have {@link TargetProvider.preview}. */
  readonly dryRun: boolean;
  /** The most components that one can be given at the same time, whatever its config says. At least 1. */
  readonly parallel: number;
}

/**
 * A {@link ComponentType} as plain data: what a planner reads, in this process or another.
 * @experimental
 */
export interface ComponentCapability {
  readonly deploymentType: string;
  /** JSON Schema (2020-12). */
  readonly properties: JsonSchema;
  /** JSON Schema (2020-12). */
  readonly parameters: JsonSchema;
  readonly changes: ChangeRules;
}

/**
 * A JSON Schema as a plain object.
 * @experimental
 */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What one target can do now: its declaration, as far as its config goes, and what it found out. Plain JSON.
 * @experimental
 */
export interface TargetCapabilities {
  /** What it runs, of what is declared. */
  readonly components: readonly ComponentCapability[];
  /** Margo runtimes: `oci`, `custom`. */
  readonly runtimes: readonly string[];
  readonly facts: TargetFacts;
  /** How many components may be worked on at the same time; the reconciler keeps to it. At least 1, at most as declared. */
  readonly parallel: number;
}

/**
 * One component as it shall be.
 * @stable since 0.1.0
 */
export interface DesiredComponent {
  readonly name: string;
  /** `oci://host/path` of the artifact. */
  readonly repository: string;
  /** Tag (SemVer, `_` for `+`) or digest. */
  readonly revision: string;
  readonly wait: boolean;
  /** Milliseconds until a waited-for start counts as failed. */
  readonly timeout: number;
  /** Everything else that the deployment says of the component. */
  readonly properties: Readonly<Record<string, Json>>;
  /** Pointer (as the deployment type understands it: environment variable, values path) to value. */
  readonly parameters: Readonly<Record<string, Json>>;
}

/**
 * One deployment as it shall be on this device: components in installation order.
 * @stable since 0.1.0
 */
export interface DesiredApplication {
  /** Deployment id. */
  readonly id: string;
  readonly name: string;
  /** Where the platform has namespaces. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly applicationId: string;
  readonly deploymentType: string;
  readonly components: readonly DesiredComponent[];
}

/**
 * How a component is on the platform: `stopped` ended by itself without a fault, `failed` with one.
 * @stable since 0.1.0
 */
export type ComponentPhase = 'absent' | 'installing' | 'running' | 'stopped' | 'failed';

/**
 * One component as it is, read from the platform.
 * @stable since 0.1.0
 */
export interface ActualComponent {
  readonly name: string;
  readonly phase: ComponentPhase;
  /** {@link componentDigest} of what was applied, kept by the platform beside the workload (label, file). */
  readonly applied?: string;
  /** Why it is so, for a person. */
  readonly reason?: string;
}

/**
 * One application as it is, read from the platform. Components in any order.
 * @stable since 0.1.0
 */
export interface ActualApplication {
  readonly id: string;
  readonly name: string;
  readonly components: readonly ActualComponent[];
}

/**
 * What comes with a call that changes the platform.
 * @stable since 0.1.0
 */
export interface ApplyCall {
  readonly signal: AbortSignal;
  /** A short text for a person: what is being done now. Of a call that has settled nothing is heard any more. */
  readonly progress: (text: string) => void;
}

/**
 * A target could not do what was asked. `retry` says whether the same request can succeed later.
 * @stable since 0.1.0
 */
export class TargetFault extends Error {
  override readonly name = 'TargetFault';
  constructor(
    /**
     * - `unsupported`: no type of component that it runs.
     * - `invalid`: not as the component's type, or the artifact's form, has it.
     * - `artifact`: the artifact cannot be had, or is not what it should be.
     * - `start`: it was started, and ended at once.
     * - `timeout`: it does not run after the component's `timeout`.
     * - `unhealthy`: it runs, and its health check says no.
     * - `platform`: the platform itself failed.
     */
    readonly code: 'unsupported' | 'invalid' | 'artifact' | 'start' | 'timeout' | 'unhealthy' | 'platform',
    message: string,
    readonly retry: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * A platform that runs workloads.
 *
 * When: between `start` and `stop`, any calls at the same time. Of `apply` and `remove` for one component the target
 * does one after the other, in the order they came; their callers need not wait. Those for several components it does at
 * once, and its callers keep to {@link TargetCapabilities.parallel}. `stop` lets workloads run on, and ends `apply`,
 * `remove` and `watch`, those under way and later ones alike: the calls reject as `platform`, to be tried again, and a
 * watch returns.
 *
 * After a crash: workloads run on, and what was applied is known from the platform. `apply` and `remove` may be called
 * again after kill -9 at any point, and get on from there; never does a component run twice.
 *
 * Again: `apply` and `remove` are idempotent; all else changes nothing.
 *
 * What holds:
 * - `actual` is the truth read from the platform at the time of the call, never what was asked for.
 *   It lists every application that this target made and has not wholly removed, those of earlier processes included.
 * - `apply` makes one component be as desired, whether it is absent, outdated or stopped; `remove` makes one component
 *   absent, and absent already is success. Both leave the application's other components as they are.
 * - `apply` is idempotent: applying what is already so changes nothing and restarts nothing. Already so is what runs and
 *   has the same {@link componentDigest}: names, labels, `wait` and `timeout` are no part of that, `revision` is.
 * - With `wait`, `apply` resolves when the component really runs (and is healthy where health is defined), otherwise once
 *   the platform has taken it, and it comes to run by itself.
 * - Data volumes stay unless `purge`.
 * - An artifact that cannot be had changes nothing: what ran before runs on.
 * - Aborting the signal stops waiting, for a turn as well, and leaves something that a later call can finish or undo.
 *   Aborted beforehand, a call does nothing, and rejects even where there is nothing to do.
 * - Ids and names are any text: none of them is a path, a pattern, or a member that every object has.
 * - `watch` yields an application's id whenever its actual state may have changed by itself. It may yield too often,
 *   and ends by returning when its signal aborts.
 *
 * Errors: `apply` and `remove` reject with {@link TargetFault} and with nothing else, an abort excepted, which rejects
 * with the signal's reason. What is not of a declared type is `unsupported`, what is not as its type declares
 * `invalid`; neither can succeed later. The others may reject with any error while the platform cannot be asked.
 * @stable since 0.1.0
 */
export interface TargetProvider {
  /** Cheap: it is asked before every plan. See {@link capabilitiesOf}. */
  describe(): Promise<TargetCapabilities>;
  actual(): Promise<readonly ActualApplication[]>;
  /** @param component the name of one of the application's components */
  apply(application: DesiredApplication, component: string, call: ApplyCall): Promise<void>;
  remove(
    application: { readonly id: string; readonly name: string },
    component: string,
    purge: boolean,
    call: ApplyCall,
  ): Promise<void>;
  /**
   * What `apply` would do now, a few words for a person on each thing that it does; nothing where it would change nothing.
   * It changes nothing itself, and gets no artifact. Those have it whose definition declares a dry run.
   *
   * @throws TargetFault as `apply` would, where that is known beforehand
   */
  preview?(application: DesiredApplication, component: string, signal: AbortSignal): Promise<readonly string[]>;
  watch(signal: AbortSignal): AsyncIterable<string>;
  /** The newest lines of a component's output, oldest first, at most as many as asked for; none of what is not here. */
  logs(applicationId: string, component: string, lines: number): Promise<readonly string[]>;
}

const names = z.array(z.string());

const declaration = z.object({
  components: z
    .array(
      z.object({
        deploymentType: z.string().min(1),
        properties: schema,
        parameters: schema.optional(),
        changes: z.object({ properties: names, parameters: names }),
      }),
    )
    .min(1)
    .refine((types) => new Set(types.map(({ deploymentType }) => deploymentType)).size === types.length, {
      error: 'expected each deployment type once',
    }),
  dryRun: z.boolean(),
  parallel: z.int().min(1),
}) as z.ZodType<TargetDeclaration>;

export const TargetProvider = definePort<TargetProvider, TargetDeclaration>(
  'target',
  'A platform that runs workloads',
  {
    declaration,
    boundary: {
      members: {
        describe: 'call',
        actual: 'call',
        preview: 'call',
        apply: 'long',
        remove: 'long',
        watch: 'stream',
        logs: 'call',
      },
      faults: [TargetFault],
      broken: (message) => new TargetFault('platform', message, true),
      functions: true,
    },
  },
);
