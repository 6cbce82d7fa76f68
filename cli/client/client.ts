import { Agent, type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { CommandFailure, failed } from '../failure.js';
import type { Connection } from './connection.js';
import { eventData } from './events.js';
import { answerFault, transportFault } from './faults.js';

type Query = Readonly<Record<string, string | undefined>>;

export interface Call {
  readonly body?: unknown;
  readonly query?: Query;
  readonly ifMatch?: string;
}

const page = z.looseObject({
  items: z.array(z.unknown()),
  metadata: z.looseObject({ continue: z.string().optional(), total: z.number().optional() }).optional(),
});
const pageSize = 500;
const answerTimeout = 30_000;

/** The operator API of one host, from the caller's side. All calls reject with {@link CommandFailure}. */
export class OperatorClient {
  readonly #agent: Agent;

  constructor(
    readonly connection: Connection,
    private readonly signal: AbortSignal,
  ) {
    this.#agent = new Agent({
      connect: { timeout: 10_000, ...(connection.ca !== undefined && { ca: connection.ca }) },
      bodyTimeout: 0,
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** @returns the answer's JSON as `schema` has it; `undefined` for an answer without a body */
  async call<S extends z.ZodType>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    schema: S,
    call: Call = {},
  ): Promise<z.output<S>> {
    const { status, body } = await this.#answer(method, path, call);
    return this.#read(schema, status === 204 ? undefined : body, path);
  }

  /** Every element of a list, over all its pages. */
  async *list<S extends z.ZodType>(path: string, schema: S, query: Query = {}): AsyncGenerator<z.output<S>> {
    for (let next: string | undefined; ; ) {
      const asked = { limit: String(pageSize), ...query, continue: next };
      const { items, metadata } = await this.call('GET', path, page, { query: asked });
      for (const item of items) yield this.#check(schema, item, path);
      next = metadata?.continue;
      if (next === undefined) return;
    }
  }

  /** What a stream tells, until it ends or `signal` aborts. */
  async *watch<S extends z.ZodType>(
    path: string,
    schema: S,
    query: Query,
    signal: AbortSignal,
  ): AsyncGenerator<z.output<S>> {
    const response = await this.#send('GET', path, { query }, AbortSignal.any([signal, this.signal]));
    if (response.statusCode !== 200) {
      throw answerFault(response.statusCode, await response.body.text(), this.connection);
    }
    try {
      for await (const data of eventData(response.body)) yield this.#read(schema, data, path);
    } catch (error) {
      if (error instanceof CommandFailure || signal.aborted) throw error;
      throw transportFault(error, this.connection);
    }
  }

  async #answer(method: Dispatcher.HttpMethod, path: string, call: Call): Promise<{ status: number; body: string }> {
    const late = AbortSignal.timeout(answerTimeout);
    const response = await this.#send(method, path, call, AbortSignal.any([late, this.signal]));
    let body: string;
    try {
      body = await response.body.text();
    } catch (error) {
      throw transportFault(error, this.connection);
    }
    if (response.statusCode >= 300) throw answerFault(response.statusCode, body, this.connection);
    return { status: response.statusCode, body };
  }

  async #send(
    method: Dispatcher.HttpMethod,
    path: string,
    { body, query = {}, ifMatch }: Call,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { base, token } = this.connection;
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    try {
      return await request(url, {
        method,
        dispatcher: this.#agent,
        signal,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      this.signal.throwIfAborted();
      throw transportFault(error, this.connection);
    }
  }

  #read<S extends z.ZodType>(schema: S, text: string | undefined, path: string): z.output<S> {
    let value: unknown;
    try {
      value = text === undefined || text === '' ? undefined : JSON.parse(text);
    } catch (cause) {
      throw this.#strange(path, 'no JSON', cause);
    }
    return this.#check(schema, value, path);
  }

  #check<S extends z.ZodType>(schema: S, value: unknown, path: string): z.output<S> {
    const { data, error } = schema.safeParse(value);
    if (error) throw this.#strange(path, z.prettifyError(error), error);
    return data as z.output<S>;
  }

  #strange(path: string, why: string, cause: unknown): CommandFailure {
    const { base } = this.connection;
    return failed(`the answer of ${base}${path} cannot be understood: ${why}`, 'is this the address of a Tutti host?', {
      cause,
    });
  }
}
