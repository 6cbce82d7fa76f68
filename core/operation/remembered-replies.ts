import { createHash } from 'node:crypto';
import { canonicalJson } from '../json/canonical.js';
import type { Clock } from '../plugin/clock.js';
import { collection, type Json, put, remove, StateConflict, type StateProvider } from '../ports/state.js';
import type { Principal } from './access.js';
import { mayBeKept } from './kept-output.js';
import type { Operation } from './operation.js';
import { Problem, problems } from './problem.js';
import type { Reply } from './reply.js';

/** A call that must have its effect once, by its key. */
interface Remembered {
  /** SHA-256 of the input, base64url: a key names one call, not two. */
  readonly input: string;
  /** What was answered; absent while the call is under way, and after a host died over it. */
  readonly reply?: Json;
  /** The call ended well, but its reply is not kept: it showed a secret. */
  readonly shown?: true;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const hour = 3_600_000;
const kept = 24 * hour;
const hourOf = (milliseconds: number): string => String(Math.floor(milliseconds / hour));

const rememberedCalls = collection<Remembered>('idempotency-keys', {
  expiryHour: ({ expiresAt }) => [hourOf(expiresAt)],
});

/**
 * Replies to calls of operations that are `once`, by caller and idempotency key, for a day: who heard no answer asks
 * again under the same key, and the effect is not had a second time, on whichever host and binding it asks
 * (after draft-ietf-httpapi-idempotency-key-header).
 *
 * A key is written down before the effect and its reply after it. If a host dies in between, nobody can tell whether
 * there was an effect: the key is answered 409 from then on, never carried out again.
 */
export class RememberedReplies {
  readonly #underWay = new Map<string, { readonly input: string; readonly reply: Promise<Reply<unknown>> }>();
  #prunedHour: string | undefined;

  constructor(
    private readonly state: StateProvider,
    private readonly clock: Clock,
  ) {}

  /**
   * @param work has the effect
   * @throws {@link Problem} 409 when the key was used and its reply cannot be given again, 422 when it was used for
   *   another input
   */
  async once(
    operation: Operation,
    principal: Principal,
    key: string,
    input: unknown,
    work: () => Promise<Reply<unknown>> | Reply<unknown>,
  ): Promise<Reply<unknown>> {
    const record = digest(`${principal.kind} ${principal.id}\n${operation.id}\n${key}`);
    const fingerprint = digest(canonicalJson(input as Json));
    const underWay = this.#underWay.get(record);
    if (underWay) {
      if (underWay.input !== fingerprint) throw otherInput();
      return underWay.reply;
    }
    const reply = this.#once(operation, record, fingerprint, work);
    this.#underWay.set(record, { input: fingerprint, reply });
    try {
      return await reply;
    } finally {
      this.#underWay.delete(record);
    }
  }

  async #once(
    operation: Operation,
    key: string,
    input: string,
    work: () => Promise<Reply<unknown>> | Reply<unknown>,
  ): Promise<Reply<unknown>> {
    const expiresAt = this.clock.now() + kept;
    await this.#prune();
    try {
      await this.state.commit([put(rememberedCalls, key, { input, expiresAt }, 'absent')]);
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      return this.#again(key, input);
    }
    let reply: Reply<unknown>;
    try {
      reply = await work();
    } catch (error) {
      // A problem says that nothing was done, so that it may be tried again; after anything else nobody knows.
      if (error instanceof Problem && error.kind.status !== problems.internal.status) {
        await this.state.commit([remove(rememberedCalls, key)]);
      }
      throw error;
    }
    const end: Remembered = mayBeKept(operation.output)
      ? { input, expiresAt, reply: asJson(reply) }
      : { input, expiresAt, shown: true };
    await this.state.commit([put(rememberedCalls, key, end)]);
    return reply;
  }

  async #again(key: string, input: string): Promise<Reply<unknown>> {
    const found = (await this.state.get(rememberedCalls, key))?.value;
    if (found && found.input !== input) throw otherInput();
    if (found?.reply !== undefined) return found.reply as unknown as Reply<unknown>;
    throw new Problem(
      problems.conflict,
      found?.shown
        ? 'this call was carried out already; what it answered is shown only once'
        : 'a call with this idempotency key was begun, and how it ended is not known; look at what there is before you make it under another key',
    );
  }

  /** Once an hour, with the first call in it: what expired in the hours before. */
  async #prune(): Promise<void> {
    const now = this.clock.now();
    const current = hourOf(now);
    if (this.#prunedHour === current) return;
    const first = this.#prunedHour === undefined;
    this.#prunedHour = current;
    const hours = first ? [undefined] : [hourOf(now - hour), hourOf(now - 2 * hour)];
    for (const each of hours) {
      let after: string | undefined;
      do {
        const page = await this.state.list(rememberedCalls, {
          limit: 1000,
          ...(each !== undefined && { index: { name: 'expiryHour', equals: each } }),
          ...(after !== undefined && { after }),
        });
        const old = page.items.filter(({ value }) => value.expiresAt < now);
        if (old.length > 0) await this.state.commit(old.map((item) => remove(rememberedCalls, item.key)));
        after = page.next;
      } while (after !== undefined);
    }
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function asJson(reply: Reply<unknown>): Json {
  return JSON.parse(JSON.stringify(reply)) as Json;
}

function otherInput(): Problem {
  return new Problem(
    problems.semanticError,
    'this idempotency key was used for another call; a new call needs a new key',
  );
}
