import { randomUUID } from 'node:crypto';
import {
  defineProvider,
  type FetchedManifest,
  FleetManager,
  FleetManagerFault,
  type Json,
  type Lifecycle,
  type StatusReport,
  Transport,
  z,
} from '../../../core/plugin/index.js';
import type { MakeSubject, WfmUnderTest } from '../../../core/testing/index.js';
import signed from '../../../providers/wfm/signed/index.js';
import { signedSubjects } from '../fleet-side.js';

/** A line that works, for mutants to break in one place. */
export class WfmMutant implements FleetManager, Lifecycle {
  constructor(protected readonly inner: FleetManager & Lifecycle) {}

  async start(signal: AbortSignal): Promise<void> {
    await this.inner.start?.(signal);
  }
  enroll(signal: AbortSignal): Promise<string> {
    return this.inner.enroll(signal);
  }
  reportCapabilities(id: string, capabilities: Readonly<Record<string, Json>>, signal: AbortSignal): Promise<void> {
    return this.inner.reportCapabilities(id, capabilities, signal);
  }
  manifest(id: string, etag: string | undefined, signal: AbortSignal): Promise<FetchedManifest | undefined> {
    return this.inner.manifest(id, etag, signal);
  }
  async *changes(id: string, since: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
    yield* this.inner.changes?.(id, since, signal) ?? [];
  }
  bundle(id: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.inner.bundle(id, digest, limit, signal);
  }
  deployment(id: string, of: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.inner.deployment(id, of, digest, limit, signal);
  }
  reportStatus(id: string, report: StatusReport, signal: AbortSignal): Promise<void> {
    return this.inner.reportStatus(id, report, signal);
  }
}

const withRetryAfter = (change: (milliseconds: number) => number | undefined) => (error: unknown) => {
  if (!(error instanceof FleetManagerFault) || error.retryAfter === undefined) throw error;
  throw new FleetManagerFault(error.reason, error.message, change(error.retryAfter));
};

/** Comes back when it likes. */
export class DropsRetryAfter extends WfmMutant {
  override manifest(id: string, etag: string | undefined, signal: AbortSignal): Promise<FetchedManifest | undefined> {
    return this.inner.manifest(id, etag, signal).catch(withRetryAfter(() => undefined));
  }
}

/** Comes back a thousand times too early. */
export class TakesSecondsForMilliseconds extends WfmMutant {
  override reportStatus(id: string, report: StatusReport, signal: AbortSignal): Promise<void> {
    return this.inner.reportStatus(id, report, signal).catch(withRetryAfter((milliseconds) => milliseconds / 1_000));
  }
}

/** Reads what it should only pass on. */
export class ReprintsManifests extends WfmMutant {
  override async manifest(id: string, etag: string | undefined, signal: AbortSignal) {
    const found = await this.inner.manifest(id, etag, signal);
    return found && { ...found, bytes: Buffer.from(JSON.stringify(JSON.parse(Buffer.from(found.bytes).toString()))) };
  }
}

/** Takes bytes for text. */
export class TakesBytesForText extends WfmMutant {
  override async deployment(id: string, of: string, digest: string, limit: number, signal: AbortSignal) {
    return Buffer.from(Buffer.from(await this.inner.deployment(id, of, digest, limit, signal)).toString('utf8'));
  }
}

/** Asks for everything anew each time. */
export class IgnoresEtags extends WfmMutant {
  override manifest(id: string, _: string | undefined, signal: AbortSignal): Promise<FetchedManifest | undefined> {
    return this.inner.manifest(id, undefined, signal);
  }
}

/** Takes it for unchanged that nobody answers. */
export class TakesFaultsForUnchanged extends WfmMutant {
  override manifest(id: string, etag: string | undefined, signal: AbortSignal): Promise<FetchedManifest | undefined> {
    return this.inner.manifest(id, etag, signal).catch(() => undefined);
  }
}

/** Takes whatever comes. */
export class KnowsNoLimit extends WfmMutant {
  override bundle(id: string, digest: string, _: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.inner.bundle(id, digest, Number.MAX_SAFE_INTEGER, signal);
  }
}

/** Is content when a report has been sent off. */
export class DoesNotWaitForReports extends WfmMutant {
  override async reportStatus(id: string, report: StatusReport, signal: AbortSignal): Promise<void> {
    this.inner.reportStatus(id, report, signal).catch(() => undefined);
  }
}

/** Is somebody else after a while. */
export class ForgetsWhoItIs extends WfmMutant {
  #times = 0;
  override async enroll(signal: AbortSignal): Promise<string> {
    this.#times += 1;
    return (await this.inner.enroll(signal)) + (this.#times > 5 ? '-again' : '');
  }
}

/** Is somebody else in each life. */
export class IsBornAnew extends WfmMutant {
  readonly #life = randomUUID();
  override async enroll(signal: AbortSignal): Promise<string> {
    await this.inner.enroll(signal);
    return this.#life;
  }
}

/** Takes what it reports apart. */
export class EmptiesReports extends WfmMutant {
  override reportStatus(id: string, report: StatusReport, signal: AbortSignal): Promise<void> {
    (report.components as unknown[]).length = 0;
    return this.inner.reportStatus(id, report, signal);
  }
}

/** Is content with a part of a long report. */
export class CutsLongReports extends WfmMutant {
  override reportStatus(id: string, report: StatusReport, signal: AbortSignal): Promise<void> {
    const { error } = report;
    const short = error && { ...error, message: error.message.slice(0, 4_096) };
    return this.inner.reportStatus(id, { ...report, ...(short && { error: short }) }, signal);
  }
}

/** Tells what its caller knows already. */
export class TellsAgain extends WfmMutant {
  override async *changes(id: string, since: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
    if (since !== undefined) yield since;
    yield* super.changes(id, since, signal);
  }
}

/** Goes on whoever has gone. */
export class IgnoresAborts extends WfmMutant {
  override enroll(): Promise<string> {
    return this.inner.enroll(new AbortController().signal);
  }
}

export function subjects(mutant: new (inner: FleetManager & Lifecycle) => WfmMutant): MakeSubject<WfmUnderTest> {
  return signedSubjects(
    defineProvider({
      port: FleetManager,
      type: 'wfm.mutant',
      version: '1.0.0',
      config: z.object({}).transform(() => signed.config.parse({})),
      uses: { transport: Transport },
      create: (context) => new mutant(signed.create(context as never) as FleetManager & Lifecycle),
    }),
  );
}
