import { readFile } from 'node:fs/promises';
import {
  type Context,
  type EventBus,
  type EventMeta,
  eventType,
  type Health,
  type Json,
  type Lifecycle,
  LinkedAbortController,
  type OptionalRef,
  type Ref,
  type SecretProvider,
  type StateProvider,
  type Stored,
  type Subscription,
} from 'tutti/plugin';
import { type Outcome, outcomeOf, waitBefore } from './attempt.ts';
import type { Config } from './config.ts';
import { Outbox, type Waiting } from './outbox.ts';
import { post } from './post.ts';
import { signedFields } from './signature.ts';

export type Using = {
  readonly events: Ref<EventBus>;
  readonly state: Ref<StateProvider>;
  readonly secrets: OptionalRef<SecretProvider>;
};

/**
 * Takes events into its outbox, and posts what is in there, one after the other, in the order it was taken. So an event
 * that the receiver does not take yet holds up those behind it, and nothing overtakes.
 */
export class Webhook implements Lifecycle {
  readonly #on: Context<Config, Using>;
  readonly #outbox: Outbox;
  readonly #stopped = new AbortController();
  #subscriptions: readonly Subscription[] = [];
  #work: Promise<void> = Promise.resolve();
  /** Ends the wait for another event. */
  #wake = (): void => undefined;
  /** What a person should know of; the next delivery makes up for it. */
  #trouble: string | undefined;
  /** Why the outbox cannot be used at the moment. */
  #broken: string | undefined;
  /** Events for which there was no room, since the last delivery. */
  #dropped = 0;
  #gone = false;
  /** Whether delivery has ended by a fault of its own. */
  #ended = false;

  constructor(on: Context<Config, Using>) {
    this.#on = on;
    this.#outbox = new Outbox(on.uses.state, on.name);
  }

  start(): void {
    const { config, uses, name, log } = this.#on;
    if (config.secretName !== undefined && !uses.secrets) {
      throw new Error(`${name} names a secret, and the profile has no provider of secrets; add one, or use secretFile`);
    }
    this.#subscriptions = config.events.map((event) =>
      // Known by name alone: what an event carries is its publisher's affair, and goes on as it is.
      uses.events.subscribe(eventType<Json | undefined>(event), `webhook.${name}`, (payload, meta) =>
        this.#take(event, payload, meta),
      ),
    );
    this.#work = this.#deliverAll().catch((error: unknown) => {
      if (this.#stopped.signal.aborted) return;
      this.#ended = true;
      log.error('events are not delivered any more', { error });
    });
  }

  /** What waits is delivered after the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the host stops'));
    this.#wake();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
    await this.#work;
  }

  health(): Health {
    const full = this.#dropped === 0 ? [] : [`${this.#dropped} events were dropped, too many of them wait`];
    const reasons = [this.#broken, this.#trouble, ...full].filter((reason) => reason !== undefined);
    if (this.#ended) return { status: 'failed', reason: 'it has stopped delivering; the log says why' };
    return reasons.length === 0 ? { status: 'ok' } : { status: 'degraded', reason: reasons.join('; ') };
  }

  /** The bus takes an event for handled when this resolves: then it is kept. */
  async #take(name: string, payload: Json | undefined, { id }: EventMeta): Promise<void> {
    const { config, clock, log } = this.#on;
    // It said that it wants none.
    if (this.#gone) return;
    if ((await this.#outbox.size()) >= config.limit) {
      this.#dropped += 1;
      log.error('an event is dropped, too many of them wait', { event: name, id, limit: config.limit });
      return;
    }
    const taken = clock.now();
    // CloudEvents 1.0.2, JSON format, structured content mode.
    const event = {
      specversion: '1.0',
      id,
      source: config.source,
      type: `dev.tutti.${name}`,
      time: new Date(taken).toISOString(),
      ...(payload !== undefined && { datacontenttype: 'application/json', data: payload }),
    };
    await this.#outbox.add({ id, taken, body: JSON.stringify(event) });
    this.#wake();
  }

  async #deliverAll(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted && !this.#gone) {
      // Listening before looking, so that no event comes in between.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const event = await this.#untilKept(() => this.#outbox.first());
      if (event) await this.#deliver(event);
      else await woken;
    }
  }

  /** Tries until there is nothing more to try: the event is delivered, refused, or too old. */
  async #deliver(event: Stored<Waiting>): Promise<void> {
    const { config, clock, log } = this.#on;
    const { id, taken } = event.value;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(event.value);
      switch (outcome.kind) {
        case 'delivered':
          this.#trouble = undefined;
          this.#dropped = 0;
          return this.#untilKept(() => this.#outbox.remove(event));
        case 'refused':
          this.#trouble = `an event was refused: ${outcome.reason}`;
          log.error('an event is dropped, the receiver will never take it', { id, reason: outcome.reason });
          return this.#untilKept(() => this.#outbox.remove(event));
        case 'gone':
          this.#gone = true;
          this.#trouble = 'the receiver is gone (410): nothing is sent until the next start';
          log.error('the receiver wants no more events', { id });
          return;
        case 'later': {
          if (clock.now() - taken >= config.giveUpHours * 3_600_000) {
            this.#trouble = `an event was given up after ${config.giveUpHours} h: ${outcome.reason}`;
            log.error('an event is given up', { id, attempt, reason: outcome.reason });
            return this.#untilKept(() => this.#outbox.remove(event));
          }
          const wait = waitBefore(attempt, outcome.retryAfter, Math.random());
          this.#trouble = `events wait: ${outcome.reason}`;
          log.warn('an event is not delivered yet', { id, attempt, reason: outcome.reason, milliseconds: wait });
          await clock.delay(wait, this.#stopped.signal);
        }
      }
    }
  }

  /**
   * A store that fails may do later, as a full one does: it is asked until it does. Nothing is posted meanwhile, as what
   * cannot be taken out again would be posted twice.
   *
   * @throws when the webhook stops, and never else
   */
  async #untilKept<T>(call: () => Promise<T>): Promise<T> {
    const { clock, log } = this.#on;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await call();
        this.#broken = undefined;
        return answer;
      } catch (error) {
        this.#stopped.signal.throwIfAborted();
        const wait = waitBefore(attempt, undefined, Math.random());
        this.#broken = `the outbox cannot be used: ${reasonOf(error)}`;
        log.error('the outbox cannot be used, and is tried again', { attempt, error, milliseconds: wait });
        await clock.delay(wait, this.#stopped.signal);
      }
    }
  }

  /** @throws when the webhook stops, and never else */
  async #attempt({ id, body }: Waiting): Promise<Outcome> {
    const { config, clock, resolvePath } = this.#on;
    const end = new LinkedAbortController(this.#stopped.signal);
    const { signal } = end;
    const over = new AbortController();
    clock.delay(config.timeoutSeconds * 1000, over.signal).then(
      () => end.abort(new Error(`no answer within ${config.timeoutSeconds} seconds`)),
      // It was answered in time.
      () => undefined,
    );
    try {
      const fields = {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        ...signedFields(await this.#secret(signal), id, clock.now(), body),
      };
      const ca = config.ca === undefined ? undefined : resolvePath(config.ca);
      const { status, retryAfter } = await post(config.url, fields, body, ca, signal);
      return outcomeOf(status, retryAfter, clock.now());
    } catch (error) {
      this.#stopped.signal.throwIfAborted();
      return { kind: 'later', reason: reasonOf(error) };
    } finally {
      over.abort();
      end.unlink();
    }
  }

  /** Asked for anew each time, so that one that is replaced counts from then on, and none is kept here. */
  async #secret(signal: AbortSignal): Promise<string> {
    const { config, uses, resolvePath } = this.#on;
    if (config.secretFile !== undefined) return readFile(resolvePath(config.secretFile), { encoding: 'utf8', signal });
    if (config.secretName === undefined || !uses.secrets) throw new Error('there is no signing secret');
    return uses.secrets.get(config.secretName, signal);
  }
}

/** Of a connection that failed in several ways, only the code says something. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as NodeJS.ErrnoException).code ?? error.name);
}
