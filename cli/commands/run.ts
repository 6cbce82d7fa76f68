import { growWithLoad } from '../memory.js';
import { readProfile } from '../profile.js';
import { type Hosting, logNotReloaded, startHosting } from '../reload/hosting.js';
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
    if (!hosting) return;
    const { log } = hosting;
    hosting.reload().catch((error: unknown) => logNotReloaded(log, error));
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
