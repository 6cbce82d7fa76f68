import { systemClock } from '../../core/host/clock.js';
import type { Clock, Definition } from '../../core/plugin/index.js';
import { type RecordingLogger, recordingLogger, testContext } from '../../core/testing/index.js';
import { ended } from './event-hosts.js';

/** A provider as a host has it, stopped at the end of the test. */
export async function startedOn<P extends object>(
  definition: Definition,
  config: Readonly<Record<string, unknown>>,
  clock: Clock = systemClock,
): Promise<{ readonly instance: P; readonly log: RecordingLogger }> {
  const log = recordingLogger();
  const context = await testContext<P>(definition, { config: { timeout: 30, ...config }, clock, log });
  ended({ stop: () => context.dispose() });
  await context.start();
  return { instance: context.instance, log };
}

/** Whether a call succeeds, for what must work again at last. */
export const works = (call: () => Promise<unknown>): Promise<boolean> =>
  call().then(
    () => true,
    () => false,
  );
