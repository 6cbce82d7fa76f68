import {
  type Answer,
  type Gate,
  type MountedOperation,
  type OutgoingCall,
  Problem,
  type StreamItem,
  type Transport,
  TransportFault,
} from '../../../core/plugin/index.js';
import { MemoryBinding } from '../memory-binding.js';

type Admitted = Parameters<Gate['invoke']>;
type Items = AsyncIterable<StreamItem<unknown>>;

/** What a mutant does to the items of a stream on their way to the caller. */
function items(answer: Answer, change: (items: Items) => Items): Answer {
  return answer.kind === 'stream' ? { ...answer, items: change(answer.items) } : answer;
}

const utf8 = (bytes: Uint8Array): Uint8Array => new TextEncoder().encode(new TextDecoder().decode(bytes));

/** Loses versions on the way. */
export class DropsTheEtag extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    if (answer.kind !== 'value' && answer.kind !== 'representation') return answer;
    const { etag: _, ...rest } = answer;
    return rest;
  }
}

/** Forgets what the caller holds. */
export class AnswersInsteadOfNotModified extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    return super.admit(mounted, { ...call, ifNoneMatch: undefined });
  }
}

/** Compares as text what is a list of versions. */
export class ReadsIfNoneMatchAsText extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    const only = /^"[^"]*"$/.test(call.ifNoneMatch ?? '');
    return super.admit(mounted, { ...call, ifNoneMatch: only ? call.ifNoneMatch : undefined });
  }
}

/** Passes the version on with its quotes. */
export class KeepsQuotesOfIfMatch extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    const { ifMatch } = call;
    return super.admit(mounted, { ...call, ...(ifMatch !== undefined && { ifMatch: `"${ifMatch}"` }) });
  }
}

/** Takes bytes for text. */
export class ReencodesBytes extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    return answer.kind === 'representation' ? { ...answer, bytes: utf8(answer.bytes) } : answer;
  }
}

/** Takes whatever the operation has. */
export class IgnoresAccept extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    return super.admit(mounted, { ...call, accept: undefined });
  }
}

/** Leaves out what is empty, as a form without presence does. */
export class LosesEmptyFields extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    const present = (value: unknown): boolean => value !== '' && value !== 0 && value !== false;
    const input = (): unknown =>
      Object.fromEntries(Object.entries(call.input() as object).filter(([, value]) => present(value)));
    return super.admit(mounted, { ...call, input });
  }
}

/** Holds each item back until there is another. */
export class LosesTheLastItem extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    return items(answer, async function* (inner) {
      let held: StreamItem<unknown> | undefined;
      for await (const item of inner) {
        if (held) yield held;
        held = item;
      }
    });
  }
}

/** Sends items as they come to hand. */
export class SwapsItems extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    return items(answer, async function* (inner) {
      let held: StreamItem<unknown> | undefined;
      for await (const item of inner) {
        yield* held ? [item, held] : [];
        held = held ? undefined : item;
      }
      if (held) yield held;
    });
  }
}

/** Begins every stream anew. */
export class ForgetsWhereToResume extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    return super.admit(mounted, { ...call, resumeAfter: undefined });
  }
}

/** Reads whatever the producer has, and keeps it for a caller who may come. */
export class BuffersWithoutEnd extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    return items(answer, (inner) => {
      const kept: StreamItem<unknown>[] = [];
      let failure: { readonly error: unknown } | undefined;
      const filling = (async () => {
        for await (const item of inner) {
          kept.push(item);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })().catch((error: unknown) => {
        failure = { error };
      });
      return (async function* () {
        await Promise.race([filling, new Promise((resolve) => setTimeout(resolve, 1).unref())]);
        for (let at = 0, over = false; ; ) {
          if (at < kept.length) yield kept[at++] as StreamItem<unknown>;
          else if (over) break;
          else {
            const done = filling.then(() => 'over');
            const turn = new Promise((resolve) => setImmediate(resolve));
            over = (await Promise.race([done, turn])) === 'over';
          }
        }
        if (failure) throw failure.error;
      })();
    });
  }
}

/** Gathers items, to send them together. */
export class SendsItemsTogether extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    return items(answer, async function* (inner) {
      const all: StreamItem<unknown>[] = [];
      for await (const item of inner) all.push(item);
      yield* all;
    });
  }
}

/** Never looks whether the caller is still there. */
export class IgnoresCancellation extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    return super.admit(mounted, { ...call, signal: this.over.signal });
  }
}

/** Takes a broken stream for one that ended. */
export class SwallowsErrorsOfStreams extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    return items(answer, async function* (inner) {
      try {
        yield* inner;
      } catch {
        return;
      }
    });
  }
}

/** Calls handlers by itself, and is helpful. */
export class LeaksExceptions extends MemoryBinding {
  protected override async admit(...[mounted, call]: Admitted) {
    let leaked: unknown;
    const handler: MountedOperation['handler'] = (admitted) => {
      try {
        return mounted.handler(admitted);
      } catch (error) {
        leaked = error;
        throw error;
      }
    };
    const outcome = await super.admit({ ...mounted, handler }, call);
    if (outcome.kind !== 'problem' || leaked instanceof Problem || !(leaked instanceof Error)) return outcome;
    return { ...outcome, problem: new Problem(outcome.problem.kind, leaked.message) };
  }
}

/** Knows only the members of a problem that everybody knows. */
export class DropsExtensions extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    if (answer.kind !== 'problem') return answer;
    const { kind, detail, errors, retryAfterSeconds } = answer.problem;
    const details = { errors, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
    return { ...answer, problem: new Problem(kind, detail, details) };
  }
}

/** Has only so many kinds of errors: problems of the same status become one. */
export class MergesProblemTypes extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    if (answer.kind !== 'problem') return answer;
    const { kind, detail, errors, retryAfterSeconds, extensions } = answer.problem;
    const type = `urn:tutti:problem:${kind.status}`;
    const details = { errors, extensions, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
    return { ...answer, problem: new Problem({ ...kind, type }, detail, details) };
  }
}

/** Believes that who reached it is allowed to. */
export class SkipsAuthentication extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    const access = { ...mounted.operation.access, kinds: [], check: () => undefined };
    return super.admit({ ...mounted, operation: { ...mounted.operation, access } }, call);
  }
}

/** Tells anybody what is wrong with an input. */
export class LooksAtInputFirst extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    const parsed = mounted.operation.input.safeParse(call.input());
    const open = { ...mounted.operation, access: { ...mounted.operation.access, kinds: [] } };
    return super.admit(parsed.success ? mounted : { ...mounted, operation: open }, call);
  }
}

/** Says who is refused, and not how to be let in. */
export class DropsChallenges extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    return answer.kind === 'problem' ? { ...answer, challenges: [] } : answer;
  }
}

/** Has evidence of its own making: what was signed is not what is verified. */
export class ForgetsTheBodyInEvidence extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    const { method, targetUri, headers, params } = call.evidence;
    return super.admit(mounted, { ...call, evidence: { method, targetUri, headers, params, body: undefined } });
  }
}

/** Gives every call an id of its own, whatever the caller's is. */
export class ForgetsTheCorrelationId extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    return super.admit(mounted, { ...call, correlationId: undefined });
  }
}

/** Takes whatever comes. */
export class IgnoresTheBodyLimit extends MemoryBinding {
  protected override fits(): boolean {
    return true;
  }
}

/** Waits for as long as it takes. */
export class IgnoresTheCallersTimeout extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    return super.admit(mounted, { ...call, timeout: undefined });
  }
}

/** Answers in the order of calls what comes in another. */
export class MixesUpAnswers extends MemoryBinding {
  readonly #waiting: ((answer: Answer) => void)[] = [];

  override async take(call: OutgoingCall, line: Transport): Promise<Answer> {
    if (call.operation.output.kind !== 'value') return super.take(call, line);
    const mine = new Promise<Answer>((resolve) => {
      this.#waiting.push(resolve);
    });
    const answer = await super.take(call, line);
    this.#waiting.shift()?.(answer);
    return mine;
  }
}

/** Has a call's effect as often as it comes. */
export class DropsTheIdempotencyKey extends MemoryBinding {
  protected override admit(...[mounted, call]: Admitted) {
    return super.admit(mounted, { ...call, idempotencyKey: undefined });
  }
}

/** Ends at once, whatever is under way. */
export class DoesNotDrain extends MemoryBinding {
  override async drain(): Promise<void> {
    this.stop();
  }
}

/** Goes on taking calls while it drains. */
export class TakesCallsWhileItDrains extends MemoryBinding {
  override async drain(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.over.abort(), { once: true });
  }
}

/** Leaves something ticking. */
export class LeavesATimer extends MemoryBinding {
  override start(signal: AbortSignal): void {
    super.start(signal);
    setInterval(() => undefined, 3_600_000);
  }
}

/** Stops only in name. */
export class GoesOnAfterStop extends MemoryBinding {
  override stop(): void {
    // As if that were all.
  }
}

/** Its callers remember that it was gone. */
export class NeverComesBack extends MemoryBinding {
  static readonly #gone = new Set<string>();

  override stop(): void {
    super.stop();
    NeverComesBack.#gone.add(this.address);
  }

  override async take(call: OutgoingCall, line: Transport): Promise<Answer> {
    if (NeverComesBack.#gone.has(this.address)) throw new TransportFault('unreachable', `${this.address} was gone`);
    return super.take(call, line);
  }
}

/** Everybody gets the same outcome. */
export class AlwaysSaysOk extends MemoryBinding {
  protected override answer(answer: Answer): Answer {
    return answer.kind === 'value' ? { ...answer, outcome: 'ok' } : answer;
  }
}
