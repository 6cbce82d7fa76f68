import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createLog, hostRefs, type ReloadReport, type RunningHost, startHost } from '../host/index.js';
import { tuttiVersion } from '../host/version.js';
import type { Clock } from '../plugin/clock.js';
import { type Definition, definePlugin } from '../plugin/definition.js';
import { DefinitionRegistry } from '../plugin/registry.js';
import { loadProfile, type ResolvedProfile } from '../profile/index.js';

/**
 * What {@link startTestHost} starts a host from.
 * @stable since 0.1.0
 */
export interface TestHostOptions {
  /** The profile's text; its `data` is replaced by a temporary directory, which goes when the host stops. */
  readonly profile: string;
  /** What the profile may name beside the plugins that it loads by itself. */
  readonly definitions: readonly Definition[];
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Keep data here, so that a second host finds it; it stays when the host stops. */
  readonly dataDir?: string;
}

/**
 * A real host with real entries, started from a profile, for tests. Stop it, or declare it with `await using`.
 * @stable since 0.1.0
 */
export interface TestHost extends Omit<RunningHost, 'reload'>, AsyncDisposable {
  /** The first address of its bindings; another one after a reload where a binding has a port of its own choosing. */
  readonly url: string;
  readonly dataDir: string;
  /** Everything logged so far, one JSON line an event. */
  log(): string;
  /**
   * Becomes what another profile says, with the same data directory.
   *
   * @param definitions what it may name; the same as before unless told
   * @throws ProfileError
   */
  reload(profile: string, definitions?: readonly Definition[]): Promise<ReloadReport>;
}

/**
 * @throws ProfileError, StartUpError
 * @stable since 0.1.0
 */
export async function startTestHost(options: TestHostOptions): Promise<TestHost> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-host-'));
  const dataDir = options.dataDir ?? join(directory, 'data');
  const file = join(directory, 'profile.yaml');
  const version = tuttiVersion();
  const read = (text: string, definitions = options.definitions): Promise<ResolvedProfile> => {
    const registry = new DefinitionRegistry();
    // Plugins say which versions of the host they work with, and are held to it here as well.
    registry.add(definePlugin('test', definitions), version);
    return loadProfile(file, {
      env: options.env ?? {},
      registry,
      hostVersion: version,
      hostRefs,
      readFile: async () => `${text}\ndata: ${JSON.stringify(dataDir)}\n`,
    });
  };
  const lines: string[] = [];
  const output = new PassThrough();
  output.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  try {
    const host = await startHost(await read(options.profile), {
      version,
      verifyReplies: true,
      log: createLog({ level: 'debug', format: 'json' }, output),
      ...(options.clock && { clock: options.clock }),
    });
    const stop = async (): Promise<void> => {
      await host.stop();
      await rm(directory, { recursive: true, force: true });
    };
    return {
      status: host.status,
      get url() {
        return host.status.addresses()[0] ?? '';
      },
      dataDir,
      log: () => lines.join(''),
      reload: async (profile, definitions) => host.reload(await read(profile, definitions)),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}
