import { randomUUID } from 'node:crypto';
import { systemClock } from '../../core/host/clock.js';
import {
  type ApplyCall,
  type ArtifactRegistry,
  type Definition,
  type DesiredApplication,
  type DesiredComponent,
  type Lifecycle,
  type PullCredentials,
  TargetFault,
  type TargetProvider,
} from '../../core/plugin/index.js';
import { type RecordingLogger, recordingLogger, testContext } from '../../core/testing/index.js';
import { registryOci } from '../../providers/registry/oci/index.js';

/** A target on its real platform, with a client of registries. */
export interface TargetTrial {
  readonly target: TargetProvider & Lifecycle;
  readonly registry: ArtifactRegistry;
  readonly log: RecordingLogger;
  readonly dataDir: string;
  /** Another instance on the same data, as after a restart of the agent. */
  again(): Promise<TargetProvider & Lifecycle>;
  dispose(): Promise<void>;
}

interface TrialOptions {
  readonly name: string;
  readonly config: object;
  /** What the client of registries is told of them. */
  readonly registries?: object[];
  /** Who hands the device what it pulls with. */
  readonly handed?: PullCredentials | undefined;
}

export async function targetTrial(
  definition: Definition,
  { name, config, registries = [], handed }: TrialOptions,
): Promise<TargetTrial> {
  const registry = await testContext<ArtifactRegistry>(registryOci, { clock: systemClock, config: { registries } });
  const log = recordingLogger();
  const options = { name, clock: systemClock, log, config, uses: { registry: registry.instance, handed } };
  const context = await testContext<TargetProvider>(definition, options);
  await context.start();
  const others: { dispose(): Promise<void> }[] = [];
  return {
    target: context.instance,
    registry: registry.instance,
    log,
    dataDir: context.dataDir,
    async again() {
      const other = await testContext<TargetProvider>(definition, { ...options, dataDir: context.dataDir });
      await other.start();
      others.push(other);
      return other.instance;
    },
    async dispose() {
      for (const each of [...others, context, registry]) await each.dispose();
    },
  };
}

/** A deployment of one component, which is waited for. */
export function monitorApplication(
  deploymentType: string,
  component: Partial<DesiredComponent> & Pick<DesiredComponent, 'repository' | 'revision' | 'timeout'>,
  { id = randomUUID(), namespace }: { readonly id?: string | undefined; readonly namespace?: string } = {},
): DesiredApplication {
  return {
    id,
    name: 'Line monitor',
    ...(namespace !== undefined && { namespace }),
    applicationId: 'line-monitor',
    deploymentType,
    components: [{ name: 'monitor', wait: true, properties: {}, parameters: {}, ...component }],
  };
}

/** A call that collects what it is told. */
export function call(signal: AbortSignal = new AbortController().signal): ApplyCall & { readonly told: string[] } {
  const told: string[] = [];
  return { signal, progress: (text) => told.push(text), told };
}

/** The fault that a promise rejects with. @throws when it does not, or with something else */
export async function faultOf(work: Promise<unknown>): Promise<TargetFault> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TargetFault) return error;
    throw error;
  }
  throw new Error('it was expected to fail and did not');
}
