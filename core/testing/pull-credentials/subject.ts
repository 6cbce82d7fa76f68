import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Definition } from '../../plugin/definition.js';
import type { PullCredential, PullCredentials } from '../../ports/index.js';
import { type ManualClock, manualClock } from '../clock.js';
import { type TestContext, testContext } from '../context.js';
import type { MakeSubject } from '../kit-subject.js';
import { type RecordingLogger, recordingLogger } from '../loggers.js';

/**
 * Whoever hands a device its credentials, by the other door. Who tests a provider writes one.
 *
 * @experimental
 */
export interface HandingSide {
  /** Says what is handed over from now on to a device that asks; nothing before. */
  hand(credentials: readonly PullCredential[]): Promise<void>;
  /** Nobody can be asked, until what this resolves with is called. */
  breakDown(): Promise<() => Promise<void>>;
}

/**
 * A provider of what a device is handed, with whoever hands it over.
 *
 * @experimental
 */
export interface PullCredentialsUnderTest extends PullCredentials {
  readonly side: HandingSide;
  /** Of the provider; nothing is real time here. */
  readonly clock: ManualClock;
  readonly dataDir: string;
  /** What the provider has logged. */
  readonly log: RecordingLogger;
}

/** @experimental */
export interface PullCredentialSubjectOptions {
  /** Makes the other side, and what the provider needs to find it. */
  readonly side: () => Promise<{
    readonly side: HandingSide;
    /** As a profile would say it. */
    readonly config?: unknown;
    /** By the names of the definition's `uses`. */
    readonly uses?: Readonly<Record<string, unknown>>;
    close(): Promise<void>;
  }>;
}

/**
 * Makes subjects of a definition for the kit of pull credentials.
 *
 * @experimental
 */
export function pullCredentialSubjects(
  definition: Definition,
  options: PullCredentialSubjectOptions,
): MakeSubject<PullCredentialsUnderTest> {
  return async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tutti-kit-'));
    const clock = manualClock();
    const log = recordingLogger();
    const { side, config, uses, close } = await options.side();
    const open = async (): Promise<TestContext<PullCredentials>> => {
      const opened = await testContext<PullCredentials>(definition, {
        ...{ config, dataDir, clock, log },
        ...(uses && { uses }),
      });
      await opened.start();
      return opened;
    };
    const underTest = ({ instance }: TestContext<PullCredentials>): PullCredentialsUnderTest => ({
      current: (...args) => instance.current(...args),
      changes: (...args) => instance.changes(...args),
      refused: (...args) => instance.refused(...args),
      ...{ side, clock, dataDir, log },
    });
    let context = await open();
    return {
      instance: underTest(context),
      advance: (milliseconds) => clock.advance(milliseconds),
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
