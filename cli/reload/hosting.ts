import { resolve } from 'node:path';
import { createLog, type ReloadReport, type RunningHost, StartUpError, startHost } from '../../core/host/index.js';
import type { Logger } from '../../core/plugin/index.js';
import type { ResolvedProfile } from '../../core/profile/index.js';
import { failed, reasonOf } from '../failure.js';
import { tuttiVersion } from '../profile.js';
import type { Terminal } from '../terminal.js';
import { listenForReloads } from './listen.js';
import type { ReloadAnswer } from './wire.js';

/** A host in this process, with what it takes to reload it. */
export interface Hosting {
  readonly host: RunningHost;
  /** That of the host itself. */
  readonly log: Logger;
  /**
   * Reads the profile again and becomes what it says. One after the other: what was written last is what holds.
   *
   * @throws CommandFailure with every fault of the file, for the caller to tell: the host is as it was
   */
  reload(): Promise<ReloadReport>;
  /** Stops the host. */
  stop(): Promise<void>;
}

/**
 * Starts a host, says where it can be reached, and takes `tutti reload` from then on.
 *
 * @param read the profile, each time that it is needed
 * @returns `undefined` when the start was given up, as asked
 * @throws CommandFailure
 */
export async function startHosting(
  terminal: Terminal,
  file: string,
  read: () => Promise<ResolvedProfile>,
): Promise<Hosting | undefined> {
  const { signal } = terminal;
  const profile = await read();
  const log = createLog(profile.host.log);
  const host = await startHost(profile, { version: tuttiVersion(), log, signal }).catch((error: unknown) => {
    // Who told it to stop got what was asked for: everything is stopped again.
    if (error instanceof StartUpError && signal.aborted) return undefined;
    throw error instanceof StartUpError ? failed(error.message, undefined, { cause: error }) : error;
  });
  if (!host) {
    terminal.note('stopped during the start, as asked');
    return undefined;
  }

  let last: Promise<unknown> = Promise.resolve();
  const readAndReload = async (): Promise<ReloadReport> => host.reload(await read());
  const reload = (): Promise<ReloadReport> => {
    const next = last.then(readAndReload);
    // Whoever asked for it hears of it; the next one only waits for its end.
    last = next.catch(() => undefined);
    return next;
  };
  const answer = async (asked: string): Promise<ReloadAnswer> => {
    if (asked !== resolve(file)) return { kind: 'other-profile', profile: resolve(file) };
    try {
      return { kind: 'report', report: await reload() };
    } catch (error) {
      logNotReloaded(log.root, error);
      return { kind: 'faults', text: reasonOf(error) };
    }
  };
  const listener = await listenForReloads(profile.dataDir, answer, log.root);

  // Since the process began: what somebody who waits for the host has waited.
  const milliseconds = Math.round(performance.now());
  const addresses = host.status.addresses();
  terminal.out(`ready in ${milliseconds} ms${addresses.length > 0 ? ` at ${addresses.join(' ')}` : ''}`);
  log.root.info('ready', { profile: profile.name, milliseconds, addresses });
  return {
    host,
    log: log.root,
    reload,
    stop: async () => {
      await host.stop();
      await listener.close();
    },
  };
}

/** For a reload that nobody looks at, or whoever asked for is elsewhere. */
export function logNotReloaded(log: Logger, error: unknown): void {
  log.error(`the profile was not reloaded, the host is as it was: ${reasonOf(error)}`);
}
