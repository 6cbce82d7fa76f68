import { correlated } from '../correlation/index.js';
import type { Logger } from '../plugin/logger.js';
import { EventFault } from '../ports/events.js';
import { LockFault } from '../ports/lock.js';
import { QueueFault } from '../ports/queue.js';
import { StateFault } from '../ports/state.js';
import {
  type AuthenticatedCall,
  type Authenticator,
  anonymous,
  type CallerKind,
  type Evidence,
  type Principal,
} from './access.js';
import { AdmittedCall, type IncomingCall } from './call.js';
import { noneMatch } from './conditional.js';
import { parseInput } from './input.js';
import { type MountedOperation, presented } from './mounted.js';
import { negotiate } from './negotiation.js';
import type { Handler, Operation } from './operation.js';
import { internalProblem, Problem, problems } from './problem.js';
import type { RateLimiter } from './rate-limit.js';
import type { RememberedReplies } from './remembered-replies.js';
import type { CacheRule, Reply } from './reply.js';
import { verified } from './verified.js';

/**
 * What a binding renders. Every path through the gate ends in one of these; it never throws.
 * @stable since 0.1.0
 */
export type Outcome =
  | Reply<unknown>
  | { readonly kind: 'not-modified'; readonly etag: string; readonly cache?: CacheRule }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly challenges: readonly string[] };

export interface GateOptions {
  /** Holds replies and problems of handlers against what their operations declare. For tests: it costs time. */
  readonly verifyReplies?: boolean;
  /** For calls with an idempotency key; without it such keys are refused. */
  readonly replies?: RememberedReplies;
  /**
   * Waits until this host knows of all that was acknowledged before, by other hosts on its states as well; `undefined`
   * where there are none. Callers with credentials are held to what is, never to what a host remembers.
   */
  readonly caughtUp?: (() => Promise<unknown>) | undefined;
  /** One for all bindings of a host; asked for at each call, since a reload may change it. */
  readonly limiter?: RateLimiter | undefined;
}

const defaultTimeout = 30_000;
const longestKey = 255;
const reading: AuthenticatedCall = Object.freeze({ changes: false });
const changing: AuthenticatedCall = Object.freeze({ changes: true });

/**
 * The one door to all operations: authentication, input, authorisation, handler, conditional reply, in this order,
 * for every binding alike.
 * @stable since 0.1.0
 */
export class Gate {
  /** @param authenticators in the order in which they are asked */
  constructor(
    private readonly authenticators: readonly Authenticator[],
    private readonly log: Logger,
    private readonly options: GateOptions = {},
  ) {}

  /** At once where authenticator and handler answer at once: a fleet's polls do, and a promise would cost them dearly. */
  invoke(mounted: MountedOperation, call: IncomingCall): Promise<Outcome> | Outcome {
    return correlated(call.correlationId, (id) => this.#invoke(mounted, call, id));
  }

  /**
   * Who the evidence shows the caller to be, by the first authenticator for any of `kinds` that finds its credentials.
   * @throws {@link Problem} when credentials are wrong
   */
  authenticate(
    kinds: readonly CallerKind[],
    evidence: Evidence,
    call: AuthenticatedCall,
  ): Promise<Principal> | Principal {
    const { caughtUp } = this.options;
    if (!caughtUp || kinds.length === 0) return this.#authenticate(0, kinds, evidence, call);
    return caughtUp().then(() => this.#authenticate(0, kinds, evidence, call));
  }

  /** The schemes whose credentials would count, for descriptions. */
  schemes(kinds: readonly CallerKind[]): readonly Pick<Authenticator, 'scheme' | 'challenge'>[] {
    return this.authenticators.filter(({ makes }) => kinds.includes(makes));
  }

  /** One for each authenticator whose credentials would count. */
  challenges(kinds: readonly CallerKind[]): string[] {
    return this.schemes(kinds).map(({ challenge }) => challenge);
  }

  /** Whether any vendor of this host can tell callers of a kind. */
  knows(kind: CallerKind): boolean {
    return this.authenticators.some(({ makes }) => makes === kind);
  }

  #authenticate(
    from: number,
    kinds: readonly CallerKind[],
    evidence: Evidence,
    call: AuthenticatedCall,
  ): Promise<Principal> | Principal {
    if (kinds.length === 0) return anonymous;
    let next = from;
    for (const authenticator of from === 0 ? this.authenticators : this.authenticators.slice(from)) {
      next += 1;
      if (!kinds.includes(authenticator.makes)) continue;
      const found = authenticator.authenticate(evidence, call);
      if (found instanceof Promise) {
        const rest = next;
        return found.then((principal) =>
          principal ? asMade(principal, authenticator) : this.#authenticate(rest, kinds, evidence, call),
        );
      }
      if (found) return asMade(found, authenticator);
    }
    return anonymous;
  }

  #invoke(mounted: MountedOperation, call: IncomingCall, correlationId: string): Promise<Outcome> | Outcome {
    try {
      const principal = this.#caller(mounted.operation, call.evidence);
      const reply = after(principal, (known) => {
        this.options.limiter?.admit(known.kind === 'anonymous' ? (call.evidence.peer ?? '') : known.id);
        return this.#admit(mounted, call, known, correlationId);
      });
      const outcome = after(reply, (given) => conditional(given, call.ifNoneMatch));
      return outcome instanceof Promise ? outcome.catch((error) => this.#refuse(mounted, call, error)) : outcome;
    } catch (error) {
      return this.#refuse(mounted, call, error);
    }
  }

  /** Wrong credentials count as calls of their sender, so that nobody tries them without end. */
  #caller({ access, idempotency }: Operation, evidence: Evidence): Promise<Principal> | Principal {
    const { limiter } = this.options;
    const kind = idempotency === 'safe' ? reading : changing;
    if (!limiter) return this.authenticate(access.kinds, evidence, kind);
    const refused = (error: unknown): never => {
      if (error instanceof Problem) limiter.admit(evidence.peer ?? '');
      throw error;
    };
    try {
      const found = this.authenticate(access.kinds, evidence, kind);
      return found instanceof Promise ? found.catch(refused) : found;
    } catch (error) {
      return refused(error);
    }
  }

  #admit(
    { operation, handler, refused }: MountedOperation,
    call: IncomingCall,
    principal: Principal,
    correlationId: string,
  ): ReturnType<Handler<never>> {
    const { kinds, check } = operation.access;
    if (kinds.length > 0 && principal.kind === 'anonymous') {
      throw new Problem(
        problems.notAuthenticated,
        `${operation.id} needs credentials: ${this.challenges(kinds).join(' or ')}`,
      );
    }
    const input = parseInput(operation.input, call.input());
    const refusal = check(principal, input);
    if (refusal !== undefined) {
      refused?.(principal, input, refusal);
      throw new Problem(problems.notAuthorized, refusal);
    }
    negotiate(call.accept, operation.output);
    const admitted = new AdmittedCall(call, input as never, principal, correlationId);
    const handle = this.options.verifyReplies === true ? verified(operation, handler) : handler;
    const reply =
      call.idempotencyKey === undefined || operation.idempotency !== 'once'
        ? handle(admitted)
        : this.#once(operation, admitted, call.idempotencyKey, handle);
    return reply instanceof Promise && operation.output.kind !== 'stream'
      ? this.#inTime(reply, operation, admitted, call.timeout)
      : reply;
  }

  #once(
    operation: Operation,
    call: AdmittedCall<never>,
    key: string,
    handle: Handler<never>,
  ): ReturnType<Handler<never>> {
    const { replies } = this.options;
    if (!replies) throw new Problem(problems.invalidRequest, 'this host keeps no state, and knows no idempotency keys');
    if (key === '' || key.length > longestKey) {
      throw new Problem(problems.invalidRequest, `an idempotency key has 1 to ${longestKey} characters`);
    }
    return replies.once(operation, call.principal, key, call.input, () => handle(call));
  }

  /** A handler's reply, or the end of its time, whichever comes first: a handler need not heed its signal. */
  #inTime(
    reply: Promise<Reply<unknown>>,
    operation: Operation,
    call: AdmittedCall<never>,
    callersTimeout: number = Number.POSITIVE_INFINITY,
  ): Promise<Reply<unknown>> {
    return new Promise((resolve, reject) => {
      let over: Error | undefined;
      const timer = setTimeout(
        () => {
          over = new DOMException(`${operation.id} took too long`, 'TimeoutError');
          call.expire(over);
          reject(over);
        },
        Math.min(operation.timeout ?? defaultTimeout, callersTimeout),
      );
      timer.unref();
      reply.then(
        (given) => {
          clearTimeout(timer);
          resolve(given);
        },
        (error: unknown) => {
          clearTimeout(timer);
          if (over !== undefined && error !== over) {
            this.log.warn(`${operation.id} failed after its time was over`, { operation: operation.id, error });
          }
          reject(error);
        },
      );
    });
  }

  #refuse(mounted: MountedOperation, call: IncomingCall, error: unknown): Outcome {
    const { operation } = mounted;
    const problem = this.#problem(error, operation.id, call);
    return {
      kind: 'problem',
      problem: presented(mounted, problem),
      challenges:
        problem.kind.status === 401
          ? [...this.challenges(operation.access.kinds), ...(operation.access.challenges ?? [])]
          : [],
    };
  }

  #problem(error: unknown, operation: string, call: IncomingCall): Problem {
    let problem: Problem;
    if (error instanceof Problem) {
      problem = error;
      if (problem.kind.status >= 500)
        this.log.error(`${operation}: ${problem.detail}`, { operation, error: problem.cause });
    } else if (error instanceof Error && error.name === 'TimeoutError') {
      problem = new Problem(
        problems.timeout,
        `${operation} did not finish in time; nothing is known to be wrong with the request`,
      );
    } else if (error instanceof StateFault && error.reason !== 'corrupt') {
      // Nothing of the call was written, and it may go well once the store can be written to again.
      problem = new Problem(problems.unavailable, 'the host cannot write to its store; its log has the details', {
        retryAfterSeconds: 10,
        cause: error,
      });
      this.log.error(`${operation}: the store cannot be used`, { operation, error });
    } else if (error instanceof EventFault) {
      // What the call wrote stays; who tries again is told so by the usual conflict.
      problem = new Problem(problems.unavailable, 'the host cannot tell its events; its log has the details', {
        retryAfterSeconds: 10,
        cause: error,
      });
      this.log.error(`${operation}: events cannot be told`, { operation, error });
    } else if (error instanceof LockFault || error instanceof QueueFault) {
      // What the call wrote before stays; asking for the same lock or enqueuing the same item again does no harm.
      const what = error instanceof LockFault ? 'use its locks' : 'use its work queue';
      problem = new Problem(problems.unavailable, `the host cannot ${what}; its log has the details`, {
        retryAfterSeconds: 10,
        cause: error,
      });
      this.log.error(`${operation}: the host cannot ${what}`, { operation, error });
    } else if (call.signal.aborted) {
      problem = new Problem(problems.unavailable, 'the call was given up');
    } else {
      problem = internalProblem();
      this.log.error(`${operation} failed`, { operation, error });
    }
    return problem;
  }
}

/** Access is by kind: a principal of another one would get in where it must not. */
function asMade(principal: Principal, { scheme, makes }: Authenticator): Principal {
  if (principal.kind === makes) return principal;
  throw new Error(`the authenticator "${scheme}" says that it makes a ${makes}, and made a ${principal.kind}`);
}

/** Goes on with a value now, or when it is there. */
function after<T, R>(value: Promise<T> | T, next: (value: T) => Promise<R> | R): Promise<R> | R {
  return value instanceof Promise ? value.then(next) : next(value);
}

function conditional(reply: Reply<unknown>, ifNoneMatch: string | undefined): Outcome {
  if (reply.kind === 'representation' && reply.etag !== undefined && noneMatch(ifNoneMatch, reply.etag)) {
    return { kind: 'not-modified', etag: reply.etag, ...(reply.cache && { cache: reply.cache }) };
  }
  if (
    reply.kind === 'value' &&
    reply.outcome === 'ok' &&
    reply.etag !== undefined &&
    noneMatch(ifNoneMatch, reply.etag)
  ) {
    return { kind: 'not-modified', etag: reply.etag };
  }
  return reply;
}
