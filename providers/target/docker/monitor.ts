import type { Clock, Logger } from '../../../core/plugin/index.js';
import type { Engine } from './engine.js';
import { applicationChanges } from './events.js';

/** Keeps the engine's health true when nobody asks the engine anything, and says when it changes. */
export async function monitorEngine(
  engine: Engine,
  owner: string,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let away = false;
  const report = (fault: string | undefined): void => {
    if (fault !== undefined && !away) log.warn(fault);
    if (fault === undefined && away) log.info('the Docker engine answers again');
    away = fault !== undefined;
  };
  try {
    for await (const application of applicationChanges(engine, owner, clock, signal, report)) {
      log.debug('an application may have changed', { application });
    }
  } catch (error) {
    log.error('the watch on the Docker engine ended', { error });
  }
}
