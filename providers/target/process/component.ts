import {
  type ActualComponent,
  type ApplyCall,
  type ArtifactRegistry,
  componentDigest,
  componentFaults,
  type DesiredApplication,
  type DesiredComponent,
  TargetFault,
} from '../../../core/ports/index.js';
import { type PreparedArtifact, prepareArtifact, type UnpackLimits } from './artifact.js';
import { DeadlineExceeded, orAborted, withDeadline } from './deadline.js';
import { processComponent } from './declaration.js';
import { probeOf } from './health-check.js';
import type { ComponentParts } from './instance.js';
import { commandOf, variablesOf, type Workload } from './launch.js';
import { Serial } from './serial.js';
import type { ComponentRecord } from './store.js';
import { Supervisor } from './supervisor.js';

/** So many lines of output explain a failure. */
const explaining = 10;
const explainingCharacters = 2_000;

export interface Installer {
  readonly registry: ArtifactRegistry;
  readonly limits: UnpackLimits;
}

/** One component on this machine, installed or not. Works on one thing at a time. */
export class ProcessComponent {
  readonly #serial = new Serial();
  #supervisor: Supervisor | undefined;
  /** What is done for the first time, while nothing is on record. */
  #beginning: { readonly application: { id: string; name: string }; readonly name: string } | undefined;

  constructor(
    private readonly parts: ComponentParts,
    private readonly installer: Installer,
    private readonly changed: (applicationId: string) => void,
  ) {}

  /** The deployment that it belongs to; `undefined` when nothing is here. */
  get application(): { readonly id: string; readonly name: string } | undefined {
    return this.#supervisor?.record.application ?? this.#beginning?.application;
  }

  get isForgettable(): boolean {
    return this.#serial.isIdle && this.application === undefined;
  }

  actual(): ActualComponent | undefined {
    if (this.#supervisor) {
      const { component, current } = this.#supervisor.record;
      return { name: component, applied: current.applied, ...this.#supervisor.status() };
    }
    return this.#beginning && { name: this.#beginning.name, phase: 'installing', reason: 'getting its artifact' };
  }

  /** Takes over what an earlier agent left. */
  async resume(): Promise<void> {
    const { files, log } = this.parts;
    const record = await files.read();
    if (!record) return files.delete(false);
    this.#supervisor = this.#supervise(record);
    await files.keepOnly(artifactsOf(record));
    await this.#supervisor.resume();
    log.info('component taken over', { application: record.application.id, component: record.component });
  }

  /** Ends all watching, once what is under way has given up; processes go on. */
  async release(): Promise<void> {
    await this.#serial.idle();
    await this.#supervisor?.release();
  }

  /** What {@link apply} would do, as far as that is known without asking a registry. */
  preview(desired: DesiredComponent): readonly string[] {
    const { record } = this.#supervisor ?? {};
    const applied = appliedOf(desired);
    if (this.#supervisor && this.#isApplied(applied)) return [];
    const { repository, revision } = desired;
    const same = record?.current.repository === repository && record.current.revision === revision;
    return [
      ...(same ? [] : [`get ${repository} ${revision}`]),
      ...(this.#supervisor ? ['stop what runs of it'] : []),
      'start it',
    ];
  }

  apply(application: DesiredApplication, desired: DesiredComponent, call: ApplyCall): Promise<void> {
    return orAborted(
      this.#serial.run(() => this.#apply(application, desired, call)),
      call.signal,
    );
  }

  remove(purge: boolean, call: ApplyCall): Promise<void> {
    return orAborted(
      this.#serial.run(() => this.#remove(purge, call)),
      call.signal,
    );
  }

  /** Whether it runs as it was applied, or is on its way up. */
  #isApplied(applied: string): boolean {
    const { intent, current } = this.#supervisor?.record ?? {};
    const phase = this.#supervisor?.status().phase;
    return intent === 'run' && current?.applied === applied && (phase === 'running' || phase === 'installing');
  }

  async #apply({ id, name }: DesiredApplication, desired: DesiredComponent, call: ApplyCall): Promise<void> {
    this.#mayGoOn(call);
    const applied = appliedOf(desired);
    const variables = variablesOf(desired.parameters);
    const before = this.#supervisor?.record;
    if (this.#supervisor && this.#isApplied(applied)) return this.#settle(this.#supervisor, desired, call);
    this.#beginning = { application: { id, name }, name: desired.name };
    try {
      const { files } = this.parts;
      await files.create();
      const artifact = await prepareArtifact(
        this.installer.registry,
        files,
        desired,
        before?.current,
        this.installer.limits,
        call,
      );
      await this.#check(id, desired.name, artifact, variables);
      this.#mayGoOn(call);

      if (this.#supervisor) {
        call.progress('stopping what ran before');
        await this.#supervisor.stop();
        this.#mayGoOn(call);
      }
      const { repository, revision } = desired;
      const current = { applied, repository, revision, artifact: artifact.digest, variables };
      const last = this.#supervisor?.record;
      const previous = last?.previous ?? (last?.current.artifact === current.artifact ? undefined : last?.current);
      const record: ComponentRecord = {
        format: 1,
        application: { id, name },
        component: desired.name,
        intent: 'run',
        current,
        ...(previous && { previous }),
      };
      await files.keepOnly(artifactsOf(record));
      call.progress('starting');
      const supervisor = this.#supervisor ?? this.#supervise(record);
      await supervisor.start(record);
      this.#supervisor = supervisor;
    } finally {
      this.#beginning = undefined;
      if (!this.#supervisor) await this.parts.files.delete(false);
    }
    await this.#settle(this.#supervisor, desired, call);
  }

  async #remove(purge: boolean, call: ApplyCall): Promise<void> {
    this.#mayGoOn(call);
    const application = this.application;
    if (this.#supervisor) {
      call.progress('stopping');
      await this.#supervisor.retire();
    }
    this.#mayGoOn(call);
    await this.parts.files.delete(purge);
    this.#supervisor = undefined;
    if (application) this.changed(application.id);
  }

  /** Waits until a start has come to something. */
  async #settle(supervisor: Supervisor, desired: DesiredComponent, call: ApplyCall): Promise<void> {
    const running = (): boolean => supervisor.status().phase === 'running';
    const hopeless = (): boolean => supervisor.cannotLaunch || supervisor.isIdle;
    const over = desired.wait ? () => running() || hopeless() : () => !supervisor.isStarting;
    if (desired.wait && !running()) call.progress('waiting until it runs');
    try {
      const { clock, lifetime } = this.parts;
      await withDeadline(clock, desired.timeout, [call.signal, lifetime], (signal) => supervisor.until(over, signal));
    } catch (error) {
      this.#mayGoOn(call);
      if (!(error instanceof DeadlineExceeded)) throw error;
    }
    if (desired.wait ? running() : !hopeless()) return;
    const code = supervisor.isAlive ? 'unhealthy' : 'start';
    const why = `${desired.name} does not run: ${supervisor.status().reason ?? 'no reason is known'}`;
    await supervisor.fail(why);
    const output = (await this.parts.logs.tail(explaining)).join('\n').slice(-explainingCharacters);
    const message = output === '' ? `${why}; it wrote nothing` : `${why}; its last output:\n${output}`;
    throw new TargetFault(code, message, true);
  }

  /** What can be known to be wrong is found before the running revision is stopped. */
  async #check(
    application: string,
    component: string,
    { digest, file }: PreparedArtifact,
    variables: Record<string, string>,
  ): Promise<void> {
    const { files, otlpEndpoint, account } = this.parts;
    const artifact = files.artifact(digest);
    const workload: Workload = {
      application,
      component,
      artifact,
      file,
      variables,
      data: files.data,
      token: '',
      otlpEndpoint,
      account,
    };
    await commandOf(workload, file.command);
    if (file.health) await probeOf(file.health, workload);
  }

  #mayGoOn(call: ApplyCall): void {
    call.signal.throwIfAborted();
    this.parts.lifetime.throwIfAborted();
  }

  #supervise(record: ComponentRecord): Supervisor {
    return new Supervisor(this.parts, record, {
      changed: () => this.changed(record.application.id),
      // In turn, since an update under way may be unpacking just now.
      ready: () => void this.#serial.run(() => this.#tidy()),
    });
  }

  /** What ran before is not needed any more. */
  async #tidy(): Promise<void> {
    const record = this.#supervisor?.record;
    if (!record) return;
    try {
      await this.parts.files.keepOnly(artifactsOf(record));
    } catch (error) {
      this.parts.log.warn('old files of a component cannot be deleted', { component: record.component, error });
    }
  }
}

const artifactsOf = ({ current, previous }: ComponentRecord): string[] => [
  current.artifact,
  ...(previous ? [previous.artifact] : []),
];

/** @throws TargetFault `invalid` when it is not as its type declares */
function appliedOf(desired: DesiredComponent): string {
  const faults = componentFaults(desired, processComponent);
  if (faults.length > 0) throw new TargetFault('invalid', faults.join('; '), false);
  return componentDigest(desired, processComponent.changes);
}
