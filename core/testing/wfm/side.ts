import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../plugin/clock.js';
import type { Definition } from '../../plugin/definition.js';
import type { FleetManager, Json, StatusReport } from '../../ports/index.js';
import { manualClock } from '../clock.js';
import { type TestContext, testContext } from '../context.js';
import type { MakeSubject } from '../kit-subject.js';

/**
 * What a fleet manager serves a client, byte for byte.
 *
 * @experimental
 */
export interface FleetContent {
  readonly manifest: Uint8Array;
  readonly etag: string;
  readonly bundle: { readonly digest: string; readonly bytes: Uint8Array };
  readonly deployment: { readonly id: string; readonly digest: string; readonly bytes: Uint8Array };
}

/**
 * What goes wrong with each call, from now on:
 * - `away`: nobody can be reached. `cut`: the connection breaks instead of an answer. `silent`: no answer comes.
 * - `garbage`: what comes is nothing that the dialect knows.
 * - `refused`, `not-found`, `failing`: the fleet manager says so.
 * - `busy`: it asks to come back after 7 seconds.
 *
 * @experimental
 */
export type FleetDisturbance = 'away' | 'cut' | 'silent' | 'garbage' | 'refused' | 'not-found' | 'failing' | 'busy';

/**
 * The fleet manager at the other end of a device's line, in the dialect of the provider under test, by the other door.
 * Who tests a provider writes one; what cannot be played in a dialect throws `KitSkip` with the reason.
 *
 * @experimental
 */
export interface FleetSide {
  /**
   * Changes what an enrolled client shall run, and tells who listens. Resolves with what is served from then on. The
   * bytes had better not be those that a printer of the format would make.
   */
  change(clientId: string): Promise<FleetContent>;
  /** @param how `undefined` mends everything */
  disturb(how: FleetDisturbance | undefined): Promise<void>;
  /** Resolves when the next call is received, whether it will be answered or not. */
  asked(): Promise<void>;
  /** Ends what it tells to those who listen for changes. Absent: it tells nobody. */
  hangUp?(): Promise<void>;
  /** Ids of all clients that have enrolled. */
  clients(): Promise<readonly string[]>;
  /** What a client has last said that it can do; `undefined` before. */
  capabilities(clientId: string): Promise<Readonly<Record<string, Json>> | undefined>;
  /** All reports of a client, oldest first. */
  reports(clientId: string): Promise<readonly StatusReport[]>;
}

/**
 * A device's line with the fleet manager at its other end.
 *
 * @experimental
 */
export interface WfmUnderTest extends FleetManager {
  readonly side: FleetSide;
  /** Capabilities as the dialect has them, which the other side takes; another number makes other ones. */
  capabilitiesOf(number: number): Readonly<Record<string, Json>>;
}

/** @experimental */
export interface WfmSubjectOptions {
  /**
   * Makes the other side, and what the provider needs to find it.
   *
   * @param dataDir of the provider
   */
  readonly side: (dataDir: string) => Promise<{
    readonly side: FleetSide;
    /** As a profile would say it. */
    readonly config?: unknown;
    /** By the names of the definition's `uses`. */
    readonly uses?: Readonly<Record<string, unknown>>;
    close(): Promise<void>;
  }>;
  readonly capabilitiesOf: WfmUnderTest['capabilitiesOf'];
  /** A clock of the caller's choice: then real time passes. Unless told, the kit moves one by hand. */
  readonly clock?: Clock;
}

/**
 * Makes subjects of a definition for the kit of fleet managers.
 *
 * @experimental
 */
export function wfmSubjects(definition: Definition, options: WfmSubjectOptions): MakeSubject<WfmUnderTest> {
  return async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tutti-kit-'));
    const manual = manualClock();
    const { side, config, uses, close } = await options.side(dataDir);
    const open = async (): Promise<TestContext<FleetManager>> => {
      const opened = await testContext<FleetManager>(definition, {
        ...{ config, dataDir, clock: options.clock ?? manual },
        ...(uses && { uses }),
      });
      await opened.start();
      return opened;
    };
    const underTest = ({ instance }: TestContext<FleetManager>): WfmUnderTest => ({
      ...{ side, capabilitiesOf: options.capabilitiesOf },
      enroll: (...args) => instance.enroll(...args),
      reportCapabilities: (...args) => instance.reportCapabilities(...args),
      manifest: (...args) => instance.manifest(...args),
      bundle: (...args) => instance.bundle(...args),
      deployment: (...args) => instance.deployment(...args),
      reportStatus: (...args) => instance.reportStatus(...args),
      ...(instance.changes && { changes: instance.changes.bind(instance) }),
      ...(instance.pullCredentials && { pullCredentials: instance.pullCredentials.bind(instance) }),
    });
    let context = await open();
    return {
      instance: underTest(context),
      ...(options.clock === undefined && { advance: (milliseconds: number) => manual.advance(milliseconds) }),
      close: () => context.dispose(),
      async reopen() {
        context = await open();
        return underTest(context);
      },
      async dispose() {
        await context.dispose();
        await close();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  };
}
