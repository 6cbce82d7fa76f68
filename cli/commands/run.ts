import { createLog, StartUpError, startHost } from '../../core/host/index.js';
import { failed } from '../failure.js';
import { growWithLoad } from '../memory.js';
import { readProfile, tuttiVersion } from '../profile.js';
import type { Terminal } from '../terminal.js';

/** `tutti run PROFILE`: until SIGTERM or SIGINT. A second signal ends the process without waiting for the drain. */
export async function run(terminal: Terminal, file: string): Promise<void> {
  const { signal } = terminal;
  const profile = await readProfile(file);
  const log = createLog(profile.host.log);
  const host = await startHost(profile, { version: tuttiVersion(), log, signal }).catch((error: unknown) => {
    // Who told it to stop got what was asked for: everything is stopped again.
    if (error instanceof StartUpError && signal.aborted) return undefined;
    throw error instanceof StartUpError ? failed(error.message, undefined, { cause: error }) : error;
  });
  if (!host) {
    terminal.note('stopped during the start, as asked');
    return;
  }
  growWithLoad();
  // Since the process began: what somebody who waits for the host has waited.
  const milliseconds = Math.round(performance.now());
  const addresses = host.status.addresses();
  terminal.out(`ready in ${milliseconds} ms${addresses.length > 0 ? ` at ${addresses.join(' ')}` : ''}`);
  log.root.info('ready', { profile: profile.name, milliseconds, addresses });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await host.stop();
}
