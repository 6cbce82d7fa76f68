import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { mayRepeat } from '../../../core/client/outgoing.js';
import { httpForm, type StreamItem } from '../../../core/operation/index.js';
import type { Lifecycle } from '../../../core/plugin/index.js';
import { type Answer, type OutgoingCall, type Transport, TransportFault } from '../../../core/ports/index.js';
import { type Address, readAddress } from './address.js';
import { answerOf, isEventStream } from './answer.js';
import { Connections, type TlsFiles } from './connections.js';
import { EventParser } from './event-stream.js';
import { ClosedMeanwhile, pieces, readLimited, send } from './exchange.js';
import { transportFault } from './faults.js';
import { Limit } from './limit.js';

export interface HttpTransportOptions extends TlsFiles {
  /** Origin, and the path that a proxy puts before everything: `https://wfm.plant.example`. */
  readonly url: string;
  /** Connections at the same time, those of streams apart; 8 unless told. */
  readonly maxConnections?: number;
  /** Milliseconds after which a stream on which nothing came counts as broken; 60,000 unless told. */
  readonly silence?: number;
  /** Milliseconds since the epoch; the system's unless told. */
  readonly now?: () => number;
}

/** Bytes of a problem that are read even where no answer so large would be taken. */
const problemLimit = 64 * 1024;

/**
 * A line to a host over HTTP.
 *
 * @throws Error when the address cannot be one
 */
export function httpTransport(options: HttpTransportOptions): Transport {
  return new HttpTransport(options);
}

export class HttpTransport implements Transport, Lifecycle {
  readonly address: string;
  readonly #to: Address;
  readonly #connections: Connections;
  readonly #closed = new AbortController();
  readonly #now: () => number;

  constructor(private readonly options: HttpTransportOptions) {
    this.#to = readAddress(options.url);
    this.address = this.#to.url;
    // As many listeners as there are calls under way.
    setMaxListeners(0, this.#closed.signal);
    this.#now = options.now ?? (() => Date.now());
    this.#connections = new Connections(this.#to, options, options.maxConnections ?? 8, this.#now);
  }

  async call(call: OutgoingCall): Promise<Answer> {
    call.signal.throwIfAborted();
    const limit = new Limit(call.signal, this.#closed.signal, call.timeout);
    const form = httpForm(call.operation, call.prefix, call.input);
    const what = `${form.method} ${this.#to.url}${form.target}`;
    try {
      const response = await this.#answered(call, form, limit);
      if (call.operation.output.kind === 'stream' && isEventStream(response)) {
        limit.begun();
        return { kind: 'stream', items: this.#items(response, call, limit, what) };
      }
      const answer = await this.#whole(response, call);
      limit.release();
      return answer;
    } catch (error) {
      limit.release();
      throw this.#fault(error, call, limit, what);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#connections.close();
  }

  stop(): Promise<void> {
    return this.close();
  }

  async #answered(
    call: OutgoingCall,
    { method, target, body }: ReturnType<typeof httpForm>,
    limit: Limit,
  ): Promise<IncomingMessage> {
    const streamed = call.operation.output.kind === 'stream';
    const own = {
      ...(streamed && { accept: 'text/event-stream' }),
      ...call.headers,
      ...(body && { 'content-type': 'application/json' }),
    };
    const attempt = async (): Promise<IncomingMessage> => {
      limit.signal.throwIfAborted();
      const agents = await this.#connections.agents();
      // Asked for anew each time: a signed request is taken once.
      const shown = call.credentials(() => ({ method, url: this.#to.url + target, headers: own, body }));
      const headers = { host: this.#to.authority, 'accept-encoding': 'identity', ...own, ...shown };
      return send(this.#to, { method, target, headers, body }, streamed ? agents.streams : agents.calls, limit.signal);
    };
    try {
      return await attempt();
    } catch (error) {
      // The server may close a kept connection just when it is used again.
      if (error instanceof ClosedMeanwhile && mayRepeat(call)) return attempt();
      throw error;
    }
  }

  async #whole(response: IncomingMessage, call: OutgoingCall): Promise<Answer> {
    const { statusCode: status = 0, headers, headersDistinct } = response;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      response.destroy();
      throw new TransportFault('invalid', `the answer is encoded as ${encoding}, and nobody had asked for that`);
    }
    const body = await readLimited(
      response,
      status < 400 ? call.answerLimit : Math.max(call.answerLimit, problemLimit),
    );
    const challenges = headersDistinct['www-authenticate'] ?? [];
    return answerOf(call.operation, call.headers, { status, headers, challenges, body }, this.#now());
  }

  /** Each piece is read when the items before it have been taken. */
  async *#items(
    response: IncomingMessage,
    call: OutgoingCall,
    limit: Limit,
    what: string,
  ): AsyncGenerator<StreamItem<unknown>, void, undefined> {
    const parser = new EventParser(call.answerLimit);
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    try {
      for await (const piece of pieces(response, this.options.silence ?? 60_000)) {
        for (const event of parser.push(decoder.decode(piece, { stream: true }))) {
          yield { ...event, data: JSON.parse(event.data) as unknown };
        }
      }
    } catch (error) {
      const unread = error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError;
      const why = unread ? new TransportFault('invalid', `an item cannot be read: ${error.message}`) : error;
      throw this.#fault(why, call, limit, what);
    } finally {
      limit.release();
    }
  }

  #fault(error: unknown, call: OutgoingCall, limit: Limit, what: string): unknown {
    if (call.signal.aborted) return call.signal.reason;
    if (this.#closed.signal.aborted) return new TransportFault('unreachable', `the line to ${this.address} is closed`);
    // What Node throws then says only that it was aborted.
    if (limit.signal.aborted) return new TransportFault('timeout', `${what}: no answer in time`, { cause: error });
    if (!(error instanceof TransportFault)) return transportFault(what, error, this.options.ca);
    return new TransportFault(error.reason, `${what}: ${error.message}`, { cause: error.cause });
  }
}
