/** What the two sides of an isolated entry say to each other. Structured clones: bytes, maps and dates are what they are. */
export type Message =
  /** `scope` names what the arguments bring along; it lasts until the call is answered, or what it answered has ended. */
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
  /** Called once, before anything arrives. @param ended in words, why there is nobody on the other side any more */
  listen(receive: (message: Message) => void, ended: (reason: string) => void): void;
}
