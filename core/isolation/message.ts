/** What the two sides of an isolated entry say to each other. Structured clones: bytes, maps and dates are what they are. */
export type Message =
  /** What the arguments bring along lasts until the call is answered, or what it answered has ended. */
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly object: ObjectId;
      readonly member: string;
      readonly args: unknown;
      readonly correlation?: string | undefined;
    }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: unknown }
  /** Of a signal among the arguments of a call. */
  | { readonly kind: 'abort'; readonly signal: number; readonly reason: unknown };

/** A name that both sides know, or the number that the other side gave to what it passed. */
export type ObjectId = string | number;

/** One end of a line to the other side. Messages arrive in order; none after the end. */
export interface Channel {
  send(message: Message): void;
  /**
   * Called once, before anything arrives.
   *
   * @param receive whatever arrives: code on the other side may have sent it past its peer
   * @param ended in words, why there is nobody on the other side any more
   */
  listen(receive: (message: unknown) => void, ended: (reason: string) => void): void;
}

/** Whether it can be one of ours, as far as who receives it must know. */
export function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, id, object, member, correlation, signal } = value as Readonly<Record<string, unknown>>;
  switch (kind) {
    case 'call':
      return (
        typeof id === 'number' &&
        (typeof object === 'string' || typeof object === 'number') &&
        typeof member === 'string' &&
        (correlation === undefined || typeof correlation === 'string')
      );
    case 'answer':
    case 'failure':
      return typeof id === 'number';
    case 'abort':
      return typeof signal === 'number';
    default:
      return false;
  }
}
