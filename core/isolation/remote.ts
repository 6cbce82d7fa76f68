import type { Boundary, MemberKind } from '../ports/boundary.js';
import { type CallOptions, Handle, Lasting, type Peer } from './peer.js';

/** A boundary whose interface only its members know. */
export interface Crossing {
  readonly members: Readonly<Record<string, MemberKind>>;
  readonly faults: Boundary<object>['faults'];
  readonly broken: Boundary<object>['broken'];
  readonly functions: boolean;
}

/** The other side as it comes and goes. */
export interface Line {
  /** The other side; in words why there is none at the moment. */
  peer(): Peer | string;
  /** Calls `use` with the other side, if there is one, and with each one that comes. @returns what ends that */
  eachPeer(use: (peer: Peer) => void): () => void;
  /** What a constant of the other side is. */
  constant(member: string): unknown;
  /** Milliseconds that a `call` may take; none where nobody waits in vain. */
  readonly deadline: number | undefined;
  readonly astray: (error: unknown) => void;
}

type Member = (...args: unknown[]) => unknown;

/** An object with all members of a boundary, each of which is carried out on the other side. */
export function remote(crossing: Crossing, object: string, line: Line): object {
  const instance = {};
  for (const [name, kind] of Object.entries(crossing.members)) {
    const property =
      kind === 'constant' ? { get: () => line.constant(name) } : { value: member(kind, crossing, object, name, line) };
    Object.defineProperty(instance, name, { ...property, enumerable: true, configurable: true });
  }
  return instance;
}

/** What the members of `instance` are for the other side; those that it has, and no others. */
export function local(crossing: Crossing, instance: object): Readonly<Record<string, Member>> {
  const members = Object.entries(crossing.members).flatMap(([name, kind]): [string, Member][] => {
    const value: unknown = Reflect.get(instance, name);
    if (kind === 'constant' || typeof value !== 'function') return [];
    const call: Member = (...args) => value.apply(instance, args);
    return [[name, kind === 'handle' ? (...args) => new Handle(call(...args) as Handle) : call]];
  });
  return Object.fromEntries(members);
}

export function constantsOf({ members }: Crossing, instance: object): Readonly<Record<string, unknown>> {
  const constants = Object.entries(members).filter(([, kind]) => kind === 'constant');
  return Object.fromEntries(constants.map(([name]) => [name, Reflect.get(instance, name)]));
}

function member(kind: MemberKind, crossing: Crossing, object: string, name: string, line: Line): Member {
  const { faults, broken, functions } = crossing;
  const options: CallOptions = { faults, broken, functions };
  const call = async (args: readonly unknown[], more: Partial<CallOptions> = {}): Promise<unknown> => {
    const peer = line.peer();
    if (typeof peer === 'string') throw broken(peer);
    return peer.call(object, name, args, { ...options, ...more });
  };
  switch (kind) {
    case 'call':
      return (...args) => call(args, line.deadline === undefined ? {} : { deadline: line.deadline });
    case 'stream':
      return (...args) => streamed((lasting) => call(args, { lasting }));
    case 'handle':
      return (...args) => held(line, (peer, lasting) => peer.call(object, name, args, { ...options, lasting }), broken);
    default:
      return (...args) => call(args);
  }
}

/** The call is made at once; how it ends is told to whoever pulls. */
function streamed(call: (lasting: Lasting) => Promise<unknown>): AsyncIterable<unknown> {
  const lasting = new Lasting();
  const answer = call(lasting).then(
    (items) => ({ items: items as AsyncIterable<unknown> }),
    (error: unknown) => ({ error }),
  );
  return {
    async *[Symbol.asyncIterator]() {
      try {
        const answered = await answer;
        if ('error' in answered) throw answered.error;
        yield* answered.items;
      } finally {
        lasting.end();
      }
    },
  };
}

/** Opened again on each new other side, until it is closed. */
function held(
  line: Line,
  open: (peer: Peer, lasting: Lasting) => Promise<unknown>,
  broken: Crossing['broken'],
): { close(...how: readonly unknown[]): Promise<void> } {
  let close = async (..._how: readonly unknown[]): Promise<void> => undefined;
  const leave = line.eachPeer((peer) => {
    const lasting = new Lasting();
    const opened = open(peer, lasting).then(
      (id) => id as number,
      (error: unknown) => {
        line.astray(error);
        return undefined;
      },
    );
    close = async (...how) => {
      const id = await opened;
      // One that is gone holds nothing open.
      if (id !== undefined && line.peer() === peer) await peer.call(id, 'close', how, { broken });
      lasting.end();
    };
  });
  return {
    close: async (...how) => {
      leave();
      await close(...how);
    },
  };
}
