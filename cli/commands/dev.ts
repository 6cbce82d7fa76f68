import { relative, resolve } from 'node:path';
import { PluginsUnderDevelopment } from '../dev/plugins.js';
import { SourceWatch } from '../dev/watch.js';
import { CommandFailure } from '../failure.js';
import { table } from '../output/table.js';
import { readProfile } from '../profile.js';
import { type Hosting, startHosting } from '../reload/hosting.js';
import { reloadColumns, reloadRows } from '../reload/table.js';
import type { Terminal } from '../terminal.js';

/**
 * `tutti dev PROFILE`: as `tutti run`, and reloads at each save of the profile and of the plugins that it names by path.
 * With faults it goes on with what ran before, or waits for them to be corrected.
 */
export async function dev(terminal: Terminal, file: string): Promise<void> {
  const { signal } = terminal;
  const plugins = new PluginsUnderDevelopment();
  const watch = new SourceWatch(resolve(file), signal);
  let dataDir: string | undefined;
  let hosting: Hosting | undefined;
  /** The last fault, so that it is not told again when nothing was saved since. */
  let told: string | undefined;
  const read = async () => {
    const profile = await readProfile(file, { loadPlugin: plugins.load });
    dataDir = profile.dataDir;
    return profile;
  };
  const bringUp = async (): Promise<void> => {
    try {
      if (hosting) showReload(terminal, await hosting.reload());
      else hosting = await startHosting(terminal, file, read);
      told = undefined;
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      if (error.message === told) return;
      told = error.message;
      terminal.note(`${terminal.style('red', 'error:')} ${error.message}`);
      terminal.note(hosting ? 'the host is as it was; save again to reload it' : 'save again to start the host');
    }
  };
  try {
    await watch.cover([]);
    await bringUp();
    while (!signal.aborted) {
      if (await watch.cover(plugins.folders, dataDir)) {
        // What was saved while nobody watched its folder is looked at now.
        if (told === undefined && !(await plugins.areChanged())) continue;
      } else {
        const changed = await watch.next();
        if (changed.length === 0) break;
        terminal.note(`${changed.map((path) => relative('', path)).join(', ')} changed`);
        told = undefined;
      }
      await bringUp();
    }
  } finally {
    await watch.close();
    await hosting?.stop();
  }
}

/** Which entries, and why; the log has said how it went. */
function showReload(terminal: Terminal, report: Awaited<ReturnType<Hosting['reload']>>): void {
  const rows = reloadRows(report).filter(({ what }) => what !== 'kept');
  if (rows.length > 0) terminal.out(table(reloadColumns, rows));
}
