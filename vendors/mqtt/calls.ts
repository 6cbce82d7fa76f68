import { randomUUID } from 'node:crypto';
import {
  correlationIdIn,
  incomingCall,
  internalProblem,
  type MountedOperation,
  type Outcome,
  Problem,
  presented,
  problems,
  type Surface,
} from '../../core/operation/index.js';
import type { Clock, Logger } from '../../core/plugin/index.js';
import { CallEnd } from './end.js';
import { Flow } from './flow.js';
import { readInput } from './input.js';
import { byId } from './offered.js';
import { OngoingCalls } from './ongoing.js';
import { RecentReplies } from './recent.js';
import { sendStream } from './stream.js';
import {
  idKey,
  isUnreadable,
  type Message,
  type Reply,
  type ReplyAddress,
  type Request,
  readControl,
  readRequest,
  readTopic,
  replyOf,
  sessionOf,
  writeReply,
} from './wire/index.js';

export interface CallsOptions {
  readonly surface: Surface;
  readonly root: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly bodyLimit: number;
  readonly maxCalls: number;
  readonly maxStreams: number;
  /** Milliseconds. */
  readonly streamIdleTimeout: number;
  /** What the broker has proven of the caller under this name. */
  readonly proven: (name: string) => { readonly clientCertificate?: Uint8Array; readonly clientName?: string };
  /** Resolves when the broker has it. */
  readonly publish: (message: Message) => Promise<void>;
}

/** Where a call came from, and where its answer goes. */
interface Origin {
  readonly name: string;
  readonly session: string;
  /** Unique within the session while the call goes on. */
  readonly key: string;
  readonly replyTo: ReplyAddress;
}

/** Brings messages to the operations that they call, and what those say back. Never throws. */
export class Calls {
  readonly #operations: ReadonlyMap<string, MountedOperation>;
  readonly #ongoing: OngoingCalls;
  readonly #recent = new RecentReplies();
  readonly #answering = new Set<Promise<void>>();
  #draining = false;

  constructor(private readonly options: CallsOptions) {
    this.#operations = byId(options.surface.operations);
    this.#ongoing = new OngoingCalls({ clock: options.clock, idle: options.streamIdleTimeout });
  }

  /** @returns whether the message is dealt with; calls that come during a drain are left to the host's next process */
  receive(message: Message): boolean {
    const topic = readTopic(this.options.root, message.topic);
    if (topic?.kind === 'control') this.#control(topic.name, message);
    if (topic?.kind !== 'call') return true;
    if (this.#draining) return false;
    const answering = this.#call(topic.name, topic.operation, message)?.catch((error: unknown) => {
      this.options.log.error('a call could not be answered', { operation: topic.operation, error });
    });
    if (answering) {
      this.#answering.add(answering);
      void answering.then(() => this.#answering.delete(answering));
    }
    return true;
  }

  /** Takes nothing more, ends streams, and finishes what is under way; what the signal's abort leaves is ended. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    this.#ongoing.endStreams();
    const end = (): void => this.#ongoing.end();
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    await Promise.all(this.#answering);
    signal.removeEventListener('abort', end);
  }

  /** Ends what is under way; resolves when the broker has all answers that say so. */
  async stop(): Promise<void> {
    this.#draining = true;
    this.#ongoing.end();
    await Promise.all(this.#answering);
  }

  #control(name: string, { payload }: Message): void {
    const control = readControl(payload);
    if (!control) {
      this.options.log.debug('a control message cannot be read', { name });
      return;
    }
    const session = sessionKey(name, control.session);
    this.#ongoing.seen(session);
    if (control.type === 'gone') this.#ongoing.gone(session);
    if (control.type === 'cancel') this.#ongoing.get(session, idKey(Buffer.from(control.id)))?.end();
    if (control.type === 'more') this.#ongoing.get(session, idKey(Buffer.from(control.id)))?.more(control.credit);
  }

  #call(name: string, operation: string, message: Message): Promise<void> | undefined {
    const read = readRequest(message);
    const { replyTo } = read;
    const session = replyTo && sessionOf(this.options.root, name, replyTo.topic);
    if (replyTo === undefined || session === undefined) {
      const why = isUnreadable(read) ? read.why : `it wants its answer outside of ${this.options.root}/${name}/reply/`;
      this.options.log.debug('a call cannot be answered, and is not carried out', { name, operation, why });
      return undefined;
    }
    const key = replyTo.id ? idKey(replyTo.id) : randomUUID();
    const origin: Origin = { name, session: sessionKey(name, session), key, replyTo };
    // What is under way will be answered once.
    if (this.#ongoing.get(origin.session, key)) return undefined;
    const earlier = this.#recent.get(recentKey(origin));
    if (earlier) return this.#publish(origin, earlier);
    const mounted = this.#operations.get(operation);
    const refused = isUnreadable(read)
      ? new Problem(problems.invalidRequest, read.why)
      : this.#refusal(mounted, operation, read);
    if (refused || !mounted || isUnreadable(read)) {
      const problem = refused ?? new Problem(problems.invalidRequest, operation);
      return this.#publish(
        origin,
        replyOf({ kind: 'problem', problem: presented(mounted ?? {}, problem), challenges: [] }),
      );
    }
    return this.#invoke(mounted, read, origin);
  }

  #refusal(mounted: MountedOperation | undefined, operation: string, { body }: Request): Problem | undefined {
    if (!mounted) return new Problem(problems.notFound, `no operation ${shortened(operation)} is offered here`);
    const limit = mounted.operation.bodyLimit ?? this.options.bodyLimit;
    if (body.length > limit)
      return new Problem(problems.tooLarge, `the body may have ${limit} bytes, and has ${body.length}`);
    const full =
      mounted.operation.output.kind === 'stream'
        ? this.#ongoing.streams >= this.options.maxStreams
        : this.#ongoing.calls >= this.options.maxCalls;
    return full
      ? new Problem(problems.unavailable, 'too many calls are under way; try again', { retryAfterSeconds: 1 })
      : undefined;
  }

  async #invoke(mounted: MountedOperation, request: Request, origin: Origin): Promise<void> {
    const { name, session, key } = origin;
    const { surface, root, proven } = this.options;
    const end = new CallEnd();
    const flow = mounted.operation.output.kind === 'stream' ? new Flow(request.credit, end.signal) : undefined;
    this.#ongoing.add(session, key, {
      stream: flow !== undefined,
      end: () => end.end(),
      more: (credit) => flow?.more(credit),
    });
    try {
      const correlationId = correlationIdIn(request.headers) ?? randomUUID();
      const call = incomingCall(mounted, {
        origin: `mqtt://${root}`,
        headers: request.headers,
        correlationId,
        input: () => readInput(mounted.operation, request),
        get signal() {
          return end.signal;
        },
        timeout: request.timeout,
        peer: `${root}/${name}`,
        ...proven(name),
      });
      const invoked = surface.gate.invoke(mounted, call);
      const outcome = invoked instanceof Promise ? await this.#unlessEnded(invoked, mounted, end) : invoked;
      const reply = correlatedReply(replyOf(outcome, mounted.prefix), correlationId, request);
      if (outcome.kind === 'stream' && flow) {
        await sendStream(outcome.items, {
          beginning: reply,
          flow,
          signal: end.signal,
          draining: () => this.#draining,
          presented: (problem) => presented(mounted, problem),
          log: this.options.log,
          send: (message) => this.#publish(origin, message),
        });
      } else if (!end.ended || this.#draining) await this.#reply(mounted, origin, reply);
    } catch (error) {
      await this.#fail(mounted, origin, error);
    } finally {
      this.#ongoing.delete(session, key);
    }
  }

  /** A host that ends a call tells its caller at once, whether the handler heeds its signal or not. */
  #unlessEnded(invoked: Promise<Outcome>, mounted: MountedOperation, end: CallEnd): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      end.onEnd = () => {
        if (!this.#draining) return;
        const problem = new Problem(problems.unavailable, 'the host stops, and nobody can say how far the call came');
        resolve({ kind: 'problem', problem: presented(mounted, problem), challenges: [] });
      };
      invoked.then(resolve, reject);
    });
  }

  /** The one answer to a call. */
  #reply({ operation }: MountedOperation, origin: Origin, reply: Reply): Promise<void> {
    if (origin.replyTo.id) this.#recent.keep(recentKey(origin), operation, reply);
    return this.#publish(origin, reply);
  }

  /** An answer that cannot be written is a fault of ours, and its caller must not wait for it in vain. */
  #fail(mounted: MountedOperation, origin: Origin, error: unknown): Promise<void> {
    const { id } = mounted.operation;
    this.options.log.error(`${id} could not be answered`, { operation: id, name: origin.name, error });
    const problem = presented(mounted, internalProblem());
    return this.#reply(mounted, origin, replyOf({ kind: 'problem', problem, challenges: [] }));
  }

  #publish({ replyTo }: Origin, reply: Reply): Promise<void> {
    return this.options.publish(writeReply(replyTo, reply));
  }
}

const recentKey = ({ session, key }: Origin): string => `${session}\n${key}`;
const sessionKey = (name: string, session: string): string => `${name}/${session}`;

/** A name that a caller made up must not become an answer of any length. */
const shortened = (name: string): string => (name.length > 100 ? `${name.slice(0, 100)}...` : name);

/** Who meets a problem needs it to ask for the log's lines; others only if they asked for it. */
function correlatedReply(reply: Reply, correlationId: string, { headers }: Request): Reply {
  if (reply.kind !== 'problem' && headers['x-correlation-id'] !== correlationId) return reply;
  return { ...reply, fields: { ...reply.fields, 'x-correlation-id': correlationId } };
}
