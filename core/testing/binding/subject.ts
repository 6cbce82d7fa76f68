import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../host/clock.js';
import type { CallInput } from '../../operation/index.js';
import type { Binding, Definition } from '../../plugin/definition.js';
import type { Answer, Credentials, Transport } from '../../ports/transport.js';
import { testContext } from '../context.js';
import type { KitSubject, MakeSubject } from '../kit-subject.js';
import { silentLogger } from '../loggers.js';
import { KitSkip } from '../trial.js';
import { absent, type ToyName, toys } from './toy/operations.js';
import { prefix, ToyVendor } from './toy/vendor.js';

/**
 * What a protocol may be unable to do, for reasons of its own:
 * - `peer`: to know the remote address of a caller.
 * - `empty-lists`: to tell an empty list or map from none at all.
 * - `unknown-fields`: to carry a field that no operation declares.
 * - `nothing-left`: to be alone in its process, where a part that is not the binding's opens connections too.
 * @experimental
 */
export type BindingLack = 'peer' | 'empty-lists' | 'unknown-fields' | 'nothing-left';

/**
 * How the kit reaches the binding under test.
 * @experimental
 */
export interface BindingSubjectOptions {
  /** As a profile would say it, on this machine and with any free port. */
  readonly config?: unknown;
  /** By the names of the definition's `uses`. */
  readonly uses?: Readonly<Record<string, unknown>>;
  /**
   * Makes the caller's end.
   *
   * @param address the first of the binding's addresses
   * @param dataDir of the binding, where it may have put the CA that signed its certificate
   */
  readonly connect: (address: string, dataDir: string) => Promise<Transport> | Transport;
  /** Config of a binding that serves at the address of an earlier one. Absent: there can be no such thing. */
  readonly again?: (address: string) => unknown;
  /** What the protocol cannot do, and why: cases that need it are skipped with that reason. */
  readonly lacks?: Readonly<Partial<Record<BindingLack, string>>>;
}

/**
 * What a case may say with a call; fields under the names of HTTP, as they travel.
 * @experimental
 */
export interface ToyCall {
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
  /** Milliseconds; 10,000 unless told. */
  readonly timeout?: number;
  readonly answerLimit?: number;
}

/** A binding with its lifecycle as a host would run it. */
export class MadeBinding {
  readonly #binding: Binding;

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  addresses(): readonly string[] {
    return this.#binding.addresses();
  }

  /** @param signal never aborts unless told */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    await this.#binding.start?.(signal);
  }

  async drain(signal: AbortSignal): Promise<void> {
    await this.#binding.drain?.(signal);
  }

  async stop(): Promise<void> {
    await this.#binding.stop?.(new AbortController().signal);
  }
}

/**
 * A binding that serves the kit's own operations, and a caller at the other end of it.
 * @experimental
 */
export class BindingUnderTest {
  readonly vendor = new ToyVendor(systemClock, silentLogger());
  readonly #definition: Definition;
  readonly #options: BindingSubjectOptions;
  readonly #dataDir: string;
  readonly #bindings: MadeBinding[] = [];
  readonly #transports: Transport[] = [];
  #address: string | undefined;

  private constructor(definition: Definition, options: BindingSubjectOptions, dataDir: string) {
    this.#definition = definition;
    this.#options = options;
    this.#dataDir = dataDir;
  }

  static async start(
    definition: Definition,
    options: BindingSubjectOptions,
    dataDir: string,
  ): Promise<BindingUnderTest> {
    const made = new BindingUnderTest(definition, options, dataDir);
    await made.serve();
    return made;
  }

  get binding(): MadeBinding {
    const newest = this.#bindings.at(-1);
    if (!newest) throw new Error('no binding was made');
    return newest;
  }

  get line(): Transport {
    const newest = this.#transports.at(-1);
    if (!newest) throw new Error('no transport was made');
    return newest;
  }

  get address(): string {
    return this.#address ?? '';
  }

  /** Calls one of the kit's operations over the newest line. */
  async call(name: ToyName, input: CallInput, options: ToyCall = {}): Promise<Answer> {
    return this.line.call({
      operation: (name === 'absent' ? absent : toys[name]) as never,
      prefix,
      input,
      headers: options.headers ?? {},
      credentials: options.credentials ?? (() => ({})),
      signal: options.signal ?? new AbortController().signal,
      timeout: options.timeout ?? 10_000,
      answerLimit: options.answerLimit ?? 16 * 1024 * 1024,
    });
  }

  /** Another binding over the same operations, not started. */
  async make(config: unknown = this.#options.config): Promise<MadeBinding> {
    const { uses } = this.#options;
    const context = await testContext<Binding>(this.#definition, {
      config,
      dataDir: this.#dataDir,
      clock: systemClock,
      surface: this.vendor.surface,
      ...(uses && { uses }),
    });
    const binding = new MadeBinding(context.instance);
    this.#bindings.push(binding);
    return binding;
  }

  /** Starts another binding, and connects to it. */
  async serve(): Promise<void> {
    const binding = await this.make();
    await binding.start();
    this.#address = binding.addresses()[0] ?? '';
    await this.connect();
  }

  /** Another line to the newest binding. */
  async connect(): Promise<Transport> {
    const transport = await this.#options.connect(this.address, this.#dataDir);
    this.#transports.push(transport);
    return transport;
  }

  async drain(signal: AbortSignal): Promise<void> {
    await this.binding.drain(signal);
  }

  async stop(): Promise<void> {
    await this.binding.stop();
  }

  async hangUp(): Promise<void> {
    for (const transport of this.#transports) await transport.close();
  }

  /** Starts another binding at the address of the one that was stopped. */
  async restart(): Promise<void> {
    const { again } = this.#options;
    if (!again) throw new KitSkip('no other binding can serve at the same address');
    const binding = await this.make(again(this.address));
    await binding.start();
  }

  /** @throws KitSkip with the reason where the protocol lacks what a case needs */
  needs(what: BindingLack): void {
    const reason = this.#options.lacks?.[what];
    if (reason !== undefined) throw new KitSkip(reason);
  }

  async dispose(): Promise<void> {
    this.vendor.meetings.dismiss();
    await this.hangUp();
    for (const binding of this.#bindings) await binding.stop();
  }
}

/**
 * Makes subjects for the kit of a binding's definition: each a binding that serves the kit's own operations, with a
 * transport connected to it.
 * @experimental
 */
export function bindingSubjects(definition: Definition, options: BindingSubjectOptions): MakeSubject<BindingUnderTest> {
  return async (): Promise<KitSubject<BindingUnderTest>> => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tutti-kit-'));
    const instance = await BindingUnderTest.start(definition, options, dataDir);
    return {
      instance,
      async dispose() {
        await instance.dispose();
        // A binding that looks after files of its own may just have been about to write one.
        await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  };
}
