import { randomUUID } from 'node:crypto';
import {
  type Answer,
  type Binding,
  type Definition,
  defineBinding,
  type Gate,
  type IncomingCall,
  memoryTransport,
  type OutgoingCall,
  Problem,
  problems,
  type Surface,
  type Transport,
  TransportFault,
  z,
} from '../../core/plugin/index.js';
import { type BindingUnderTest, bindingSubjects, type MakeSubject } from '../../core/testing/index.js';

type Invoke = Gate['invoke'];

/** Bindings of this process by address. */
const network = new Map<string, MemoryBinding>();

/** Operations in the same process: all that a binding promises, with nothing between the two ends. */
export class MemoryBinding implements Binding {
  readonly address: string;
  protected readonly draining = new AbortController();
  protected readonly over = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  #addresses: readonly string[] = [];

  constructor(
    protected readonly surface: Surface,
    name: string,
  ) {
    this.address = `memory://${name}`;
  }

  addresses(): readonly string[] {
    return this.#addresses;
  }

  start(signal: AbortSignal): void {
    signal.throwIfAborted();
    network.set(this.address, this);
    this.#addresses = [this.address];
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.draining.abort();
    signal.addEventListener('abort', () => this.over.abort(), { once: true });
    await Promise.allSettled(this.#underWay);
  }

  stop(): void {
    this.draining.abort();
    this.over.abort();
    if (network.get(this.address) === this) network.delete(this.address);
  }

  /** A caller's end. */
  open(): Transport {
    const gate = { invoke: this.invoke } as Gate;
    return memoryTransport({ ...this.surface, gate });
  }

  async take(call: OutgoingCall, line: Transport): Promise<Answer> {
    if (this.draining.signal.aborted) throw new TransportFault('unreachable', `${this.address} takes no more calls`);
    const answer = line.call(call);
    this.#underWay.add(answer);
    try {
      return this.answer(await answer, call);
    } finally {
      this.#underWay.delete(answer);
    }
  }

  /** What becomes of a call before it reaches the gate; mutants break it. */
  protected readonly invoke: Invoke = (mounted, call) => {
    const end = mounted.operation.output.kind === 'stream' ? this.draining : this.over;
    const signal = AbortSignal.any([call.signal, end.signal]);
    if (!this.fits(call, mounted.operation.bodyLimit ?? 1024 * 1024)) {
      const problem = new Problem(problems.tooLarge, 'the input is too large');
      return { kind: 'problem', problem, challenges: [] };
    }
    return this.admit(mounted, { ...call, signal });
  };

  protected fits({ evidence }: IncomingCall, limit: number): boolean {
    return (evidence.body?.byteLength ?? 0) <= limit;
  }

  protected admit(...[mounted, call]: Parameters<Invoke>): ReturnType<Invoke> {
    return this.surface.gate.invoke(mounted, call);
  }

  /** What becomes of an answer on its way back; mutants break it. */
  protected answer(answer: Answer, _call: OutgoingCall): Answer | Promise<Answer> {
    return answer;
  }
}

/** A line to whichever binding has the address when a call is made. */
function connect(address: string): Transport {
  const lines = new Map<MemoryBinding, Transport>();
  let closed = false;
  return {
    address,
    call: async (call) => {
      call.signal.throwIfAborted();
      const binding = network.get(address);
      if (!binding || closed) throw new TransportFault('unreachable', `nobody is at ${address}`);
      const line = lines.get(binding) ?? binding.open();
      lines.set(binding, line);
      return binding.take(call, line);
    },
    close: async () => {
      closed = true;
      for (const line of lines.values()) await line.close();
    },
  };
}

function memoryBinding(made: typeof MemoryBinding): Definition {
  return defineBinding({
    type: 'binding.memory',
    version: '1.0.0',
    config: z.strictObject({ name: z.string().default(() => randomUUID()) }),
    create: ({ config, surface }) => new made(surface, config.name),
  });
}

export const memorySubjects = (made: typeof MemoryBinding = MemoryBinding): MakeSubject<BindingUnderTest> =>
  bindingSubjects(memoryBinding(made), {
    connect,
    again: (address) => ({ name: address.slice('memory://'.length) }),
    lacks: { peer: 'callers in the same process have no address' },
  });
