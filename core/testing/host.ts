import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createLog, hostRefs, type RunningHost, startHost } from '../host/index.js';
import type { Clock } from '../plugin/clock.js';
import { type Definition, definePlugin } from '../plugin/definition.js';
import { DefinitionRegistry } from '../plugin/registry.js';
import { loadProfile } from '../profile/index.js';

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

/** A real host with real entries, started from a profile, for tests. Stop it, or declare it with `await using`. */
export interface TestHost extends RunningHost, AsyncDisposable {
  /** The first address of its bindings. */
  readonly url: string;
  readonly dataDir: string;
  /** Everything logged so far, one JSON line an event. */
  log(): string;
}

/**
 * @throws ProfileError, StartUpError
 */
export async function startTestHost(options: TestHostOptions): Promise<TestHost> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-host-'));
  const dataDir = options.dataDir ?? join(directory, 'data');
  const file = join(directory, 'profile.yaml');
  await writeFile(file, `${options.profile}\ndata: ${JSON.stringify(dataDir)}\n`);
  const registry = new DefinitionRegistry();
  registry.add(definePlugin('test', options.definitions), testVersion);
  const lines: string[] = [];
  const output = new PassThrough();
  output.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  try {
    const profile = await loadProfile(file, { env: options.env ?? {}, registry, hostVersion: testVersion, hostRefs });
    const host = await startHost(profile, {
      version: testVersion,
      verifyReplies: true,
      log: createLog({ level: 'debug', format: 'json' }, output),
      ...(options.clock && { clock: options.clock }),
    });
    const stop = async (): Promise<void> => {
      await host.stop();
      await rm(directory, { recursive: true, force: true });
    };
    const url = host.status.addresses()[0] ?? '';
    return { status: host.status, url, dataDir, log: () => lines.join(''), stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

const testVersion = '0.0.0-test';
