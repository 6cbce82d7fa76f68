import { growWithLoad } from '../memory.js';
import { readProfile } from '../profile.js';
import { type Hosting, startHosting } from '../reload/hosting.js';
import type { Terminal } from '../terminal.js';

/**
 * `tutti run PROFILE`: until SIGTERM or SIGINT. A second signal ends the process without waiting for the drain. SIGHUP
 * reloads the profile.
 */
export async function run(terminal: Terminal, file: string): Promise<void> {
  let hosting: Hosting | undefined;
  let asked = false;
  const reload = (): void => {
    asked = true;
    // Faults are in the log; there is nobody else to tell.
    hosting?.reload().catch(() => undefined);
  };
  // From the beginning: without a listener, the signal would end a host that starts.
  process.on('SIGHUP', reload);
  try {
    hosting = await startHosting(terminal, file, () => readProfile(file));
    if (!hosting) return;
    growWithLoad();
    // What was asked for during the start may have been written after the profile was read.
    if (asked) reload();
    await ended(terminal.signal);
    await hosting.stop();
  } finally {
    process.off('SIGHUP', reload);
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
