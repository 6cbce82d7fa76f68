import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../plugin/clock.js';
import type { Definition } from '../../plugin/definition.js';
import type { CredentialIssuer, PullCredential } from '../../ports/index.js';
import { manualClock } from '../clock.js';
import { type TestContext, testContext } from '../context.js';
import type { MakeSubject } from '../kit-subject.js';
import { type RecordingLogger, recordingLogger } from '../loggers.js';

/**
 * The registry that accounts are made in, by the other door. Who tests a provider writes one.
 *
 * @experimental
 */
export interface AccountSide {
  /** Whether the registry lets this one pull now. */
  pulls(credential: PullCredential): Promise<boolean>;
  /** Whether the registry lets this one do anything beside pulling. */
  pushes(credential: PullCredential): Promise<boolean>;
  /** Names of all accounts that there are. */
  accounts(): Promise<readonly string[]>;
  /** Makes an account that the provider knows nothing of, for its own holder of this name or as much like it as can be. */
  addForeign(holder: string): Promise<void>;
  /** Makes the registry unreachable, and resolves with what makes it reachable again. Absent: it always is. */
  breakDown?(): Promise<() => Promise<void>>;
  /** Makes the registry refuse the provider, and resolves with what makes it give in again. Absent: it never does. */
  deny?(): Promise<() => Promise<void>>;
}

/**
 * A provider of accounts with the registry that it makes them in.
 *
 * @experimental
 */
export interface CredentialsUnderTest extends CredentialIssuer {
  readonly side: AccountSide;
  /** What the provider has logged. */
  readonly log: RecordingLogger;
}

/** @experimental */
export interface CredentialSubjectOptions {
  /** Makes an empty registry, and what the provider needs to find it. */
  readonly side: () => Promise<{
    readonly side: AccountSide;
    /** As a profile would say it. */
    readonly config?: unknown;
    /** By the names of the definition's `uses`. */
    readonly uses?: Readonly<Record<string, unknown>>;
    close(): Promise<void>;
  }>;
  /** A clock of the caller's choice: then real time passes. Unless told, the kit moves one by hand. */
  readonly clock?: Clock;
}

/**
 * Makes subjects of a definition for the kit of credentials, each with a registry of its own.
 *
 * @experimental
 */
export function credentialSubjects(
  definition: Definition,
  options: CredentialSubjectOptions,
): MakeSubject<CredentialsUnderTest> {
  return async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tutti-kit-'));
    const manual = manualClock();
    const log = recordingLogger();
    const { side, config, uses, close } = await options.side();
    const open = async (): Promise<TestContext<CredentialIssuer>> => {
      const clock = options.clock ?? manual;
      const opened = await testContext<CredentialIssuer>(definition, {
        ...{ config, dataDir, clock, log },
        ...(uses && { uses }),
      });
      await opened.start();
      return opened;
    };
    const underTest = ({ instance }: TestContext<CredentialIssuer>): CredentialsUnderTest => ({
      issue: (...args) => instance.issue(...args),
      revoke: (...args) => instance.revoke(...args),
      ...{ side, log },
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
