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
  /** The container's. */
  readonly name: string;
  /** ISO 8601. */
  readonly at: string;
  readonly exitCode?: number;
}

const message = z.object({
  Action: z.string(),
  time: z.number().optional(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).default({}) }),
});

/** Those after which a component may be in another state. */
const changes = new Set(['create', 'start', 'die', 'stop', 'destroy', 'oom', 'pause', 'unpause', 'rename', 'kill']);

/**
 * Connects to the events of our containers: what happens after it has resolved is told, until the engine ends the
 * connection or the signal aborts.
 *
 * @throws TargetFault when the engine does not answer, and while reading when the connection breaks
 */
export async function containerEvents(
  engine: Engine,
  owner: string,
  signal: AbortSignal,
): Promise<AsyncIterable<ContainerEvent>> {
  const filters = JSON.stringify({ type: ['container'], label: [`${labels.owner}=${owner}`] });
  // The types say less than the stream is: an HTTP response.
  const stream = (await engine.lasting((client) => client.getEvents({ filters }))) as IncomingMessage;
  // Of a network that was cut nobody is told otherwise, and no event comes to show it.
  stream.socket.setKeepAlive(true, aliveAfter);
  const close = (): void => {
    stream.destroy();
  };
  // Whoever reads is told of a broken connection as well; without a listener it would end the process.
  stream.on('error', () => undefined);
  stream.once('close', () => signal.removeEventListener('abort', close));
  signal.addEventListener('abort', close);
  if (signal.aborted) close();
  return read(engine, stream, signal);
}

async function* read(engine: Engine, stream: IncomingMessage, signal: AbortSignal): AsyncGenerator<ContainerEvent> {
  try {
    for await (const line of jsonLines(stream)) {
      const parsed = message.safeParse(line);
      if (!parsed.success) continue;
      const { Action, Actor, time } = parsed.data;
      // `health_status: healthy` has its value in its name.
      if (!changes.has(Action) && !Action.startsWith('health_status')) continue;
      const exitCode = Actor.Attributes['exitCode'];
      yield {
        action: Action,
        id: Actor.ID,
        labels: Actor.Attributes,
        name: Actor.Attributes['name'] ?? '',
        at: time === undefined ? '' : new Date(time * 1000).toISOString(),
        ...(exitCode !== undefined && { exitCode: Number(exitCode) }),
      };
    }
  } catch (error) {
    if (!signal.aborted) throw engine.fault(error);
  }
}

/**
 * Ids of applications whose state may have changed, across restarts of the engine: with each connection all of them,
 * since nobody knows what happened before it.
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
  while (!signal.aborted) {
    const connection = new AbortController();
    try {
      // Connect first and list then, so that nothing falls between the two.
      const events = await containerEvents(engine, owner, AbortSignal.any([signal, connection.signal]));
      const ids = await known(engine);
      pause = firstPause;
      report(undefined);
      yield* ids;
      for await (const event of events) {
        const id = event.labels[labels.application];
        if (id !== undefined) yield id;
      }
      if (!signal.aborted) report('the Docker engine ended the event stream');
    } catch (error) {
      if (!(error instanceof TargetFault)) throw error;
      report(error.message);
    } finally {
      connection.abort();
    }
    if (signal.aborted) return;
    await clock.delay(pause, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    pause = Math.min(pause * 2, longestPause);
  }
}

/** Milliseconds of silence after which the system asks whether the other end is still there. */
const aliveAfter = 30_000;

/** Milliseconds between two attempts to reach the engine. */
const firstPause = 500;
const longestPause = 15_000;

async function known(engine: Engine): Promise<Set<string>> {
  const ids = (await engine.containers()).map((container) => container.labels[labels.application]);
  return new Set(ids.filter((id) => id !== undefined));
}
