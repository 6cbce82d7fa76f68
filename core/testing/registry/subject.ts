import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../plugin/clock.js';
import type { Definition } from '../../plugin/definition.js';
import type { ArtifactRegistry, RegistryCredentials } from '../../ports/index.js';
import { manualClock } from '../clock.js';
import { type TestContext, testContext } from '../context.js';
import type { MakeSubject } from '../kit-subject.js';
import { recordingLogger } from '../loggers.js';
import { RegistryServer } from './server/index.js';

/**
 * The registry that a provider is to be made for.
 *
 * @experimental
 */
export interface RegistryPlace {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** With which the provider uses it where a call brings none; absent: without any. */
  readonly credentials?: RegistryCredentials;
  /**
   * Whether it is made to see that it gives up a registry that never answers: then it should wait well under the
   * patience of the kit, and otherwise as long as it does in real life.
   */
  readonly impatient: boolean;
}

/** @experimental */
export interface RegistrySubjectOptions {
  /** The provider's config for a registry, as a profile would say it. */
  readonly config: (registry: RegistryPlace) => unknown;
  /** By the names of the definition's `uses`. */
  readonly uses?: Readonly<Record<string, unknown>>;
  /** A clock of the caller's choice: then real time passes. Unless told, the kit moves one by hand, and fast. */
  readonly clock?: Clock;
}

/**
 * A client of registries, with the two registries that it is used with: small ones of the kit, which answer wrongly when
 * they are told to.
 *
 * @experimental
 */
export interface RegistryUnderTest extends ArtifactRegistry {
  /** The one that the provider is made for. */
  readonly server: RegistryServer;
  /** Another host, that the first one may lead to. */
  readonly elsewhere: RegistryServer;
  /** Another instance of the provider for the same registry. */
  another(options: Partial<Pick<RegistryPlace, 'credentials' | 'impatient'>>): Promise<ArtifactRegistry>;
  /** Everything that all instances have logged. */
  logged(): unknown;
}

/**
 * Makes subjects of a definition for the kit of registries.
 *
 * @experimental
 */
export function registrySubjects(
  definition: Definition,
  options: RegistrySubjectOptions,
): MakeSubject<RegistryUnderTest> {
  return async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tutti-kit-'));
    const [server, elsewhere] = await Promise.all([
      RegistryServer.start('127.0.0.1'),
      RegistryServer.start('localhost'),
    ]);
    const manual = manualClock();
    const log = recordingLogger();
    const made: TestContext<ArtifactRegistry>[] = [];
    const another: RegistryUnderTest['another'] = async ({ impatient = false, ...more }) => {
      const context = await testContext<ArtifactRegistry>(definition, {
        config: options.config({ url: server.url, impatient, ...more }),
        dataDir,
        clock: options.clock ?? manual,
        log,
        ...(options.uses && { uses: options.uses }),
      });
      made.push(context);
      await context.start();
      return context.instance;
    };
    const plain = await another({});
    return {
      instance: {
        server,
        elsewhere,
        another,
        logged: () => log.lines,
        resolve: (...args) => plain.resolve(...args),
        pull: (...args) => plain.pull(...args),
        fetch: (...args) => plain.fetch(...args),
        tags: (...args) => plain.tags(...args),
        push: (...args) => plain.push(...args),
        ...(plain.referrers && { referrers: plain.referrers.bind(plain) }),
      },
      ...(options.clock === undefined && { advance: (milliseconds: number) => manual.advance(milliseconds) }),
      async dispose() {
        for (const context of made) await context.dispose();
        await Promise.all([server.stop(), elsewhere.stop()]);
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  };
}
