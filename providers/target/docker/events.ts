import type { IncomingMessage } from 'node:http';
import { type Clock, TargetFault, z } from '../../../core/plugin/index.js';
import type { Engine } from './engine.js';
import { jsonLines } from './json-lines.js';
import { labels } from './project.js';

/** What happened to a container of ours. */
export interface ContainerEvent {
  readonly action: string;
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly exitCode?: number;
}

const message = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).default({}) }),
});

/** Those after which a component may be in another state. */
const changes = new Set(['create', 'start', 'die', 'stop', 'destroy', 'oom', 'pause', 'unpause', 'rename', 'kill']);

/**
 * Events of our containers, over one connection: ends when the engine ends it. `connected` is called before the first.
 * @throws TargetFault when the engine does not answer
 */
export async function* containerEvents(
  engine: Engine,
  owner: string,
  signal: AbortSignal,
  connected: () => void = () => undefined,
): AsyncGenerator<ContainerEvent> {
  const filters = JSON.stringify({ type: ['container'], label: [`${labels.owner}=${owner}`] });
  // The types say less than the stream is: an HTTP response.
  const stream = (await engine.call((client) => client.getEvents({ filters }))) as IncomingMessage;
  const close = (): void => {
    stream.destroy();
  };
  // Broken connections are also told to whoever iterates; without a listener this would end the process.
  stream.on('error', () => undefined);
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  try {
    connected();
    for await (const line of jsonLines(stream)) {
      if (signal.aborted) return;
      const parsed = message.safeParse(line);
      if (!parsed.success) continue;
      const { Action, Actor } = parsed.data;
      // `health_status: healthy` has its value in its name.
      if (!changes.has(Action) && !Action.startsWith('health_status')) continue;
      const exitCode = Actor.Attributes['exitCode'];
      yield {
        action: Action,
        id: Actor.ID,
        labels: Actor.Attributes,
        ...(exitCode !== undefined && { exitCode: Number(exitCode) }),
      };
    }
  } catch (error) {
    if (!signal.aborted) throw engine.fault(error);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/**
 * Ids of applications whose state may have changed, across restarts of the engine: after each new connection all of
 * them, since nobody knows what happened in between.
 *
 * @param report what became of each connection: `undefined` when it stands, else why it does not
 */
export async function* applicationChanges(
  engine: Engine,
  owner: string,
  clock: Clock,
  signal: AbortSignal,
  report: (fault: string | undefined) => void,
): AsyncGenerator<string> {
  let pause = firstPause;
  let missed = false;
  while (!signal.aborted) {
    try {
      const events = containerEvents(engine, owner, signal, () => {
        pause = firstPause;
        report(undefined);
      });
      // Connect first and list then, so that nothing falls between the two.
      const first = events.next();
      if (missed) yield* await known(engine);
      missed = true;
      for (let event = await first; event.done !== true; event = await events.next()) {
        const id = event.value.labels[labels.application];
        if (id !== undefined) yield id;
      }
      if (!signal.aborted) report('the Docker engine ended the event stream');
    } catch (error) {
      if (!(error instanceof TargetFault)) throw error;
      missed = true;
      report(error.message);
    }
    if (signal.aborted) return;
    await clock.delay(pause, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    pause = Math.min(pause * 2, longestPause);
  }
}

/** Milliseconds between two attempts to reach the engine. */
const firstPause = 500;
const longestPause = 15_000;

async function known(engine: Engine): Promise<Set<string>> {
  const ids = (await engine.containers()).map((container) => container.labels[labels.application]);
  return new Set(ids.filter((id) => id !== undefined));
}
