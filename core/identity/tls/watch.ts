import { watch } from 'node:fs';

/**
 * Calls `reload` now and after every change in a directory, one call at a time; changes that come during a call are answered by
 * one more. Directories are watched and not files, as files are replaced by others of the same name.
 */
export function watchDirectories(
  directories: readonly string[],
  reload: () => Promise<void>,
  signal: AbortSignal,
  onFault: (fault: unknown) => void,
): void {
  let running = false;
  let again = false;
  const changed = async (): Promise<void> => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again && !signal.aborted) {
        again = false;
        await reload();
      }
    } catch (fault) {
      onFault(fault);
    } finally {
      running = false;
    }
  };
  try {
    for (const directory of directories) {
      const watcher = watch(directory, { persistent: false, signal }, () => void changed());
      watcher.on('error', onFault);
    }
  } catch (fault) {
    onFault(fault);
  }
  // What changed before the watch began would else never be told.
  void changed();
}
