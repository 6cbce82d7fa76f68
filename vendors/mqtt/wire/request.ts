import {
  type Fields,
  type Form,
  headLimit,
  isRecord,
  type Message,
  splitHead,
  userProperties,
  withHead,
} from './message.js';

/** Where and how an answer goes. */
export interface ReplyAddress {
  readonly form: Form;
  readonly topic: string;
  /** The caller's correlation id, given back as it came; a call without one cannot be cancelled, nor known when repeated. */
  readonly id: Uint8Array | undefined;
}

/** A call between its two ends. */
export interface Request {
  readonly replyTo: ReplyAddress;
  /** Under the names of HTTP in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds that the caller waits. */
  readonly timeout: number | undefined;
  /** Stream items that the caller takes before it says more; without it the broker's acknowledgements set the pace. */
  readonly credit: number | undefined;
  /** The input as JSON; may be empty for `{}`. */
  readonly body: Uint8Array;
}

/** What cannot be read, and where to say so, if that much can be. */
export interface Unreadable {
  readonly why: string;
  readonly replyTo: ReplyAddress | undefined;
}

/** @param topic of the call */
export function writeRequest(topic: string, request: Request): Message {
  const { replyTo, headers, timeout, credit, body } = request;
  const ours: Fields = { ...(timeout !== undefined && { timeout }), ...(credit !== undefined && { credit }) };
  if (replyTo.form === 'head') {
    const id = replyTo.id && Buffer.from(replyTo.id).toString();
    return {
      topic,
      payload: withHead({ ...(id !== undefined && { id }), replyTo: replyTo.topic, headers, ...ours }, body),
    };
  }
  return {
    topic,
    payload: body,
    properties: {
      responseTopic: replyTo.topic,
      ...(replyTo.id && { correlationData: Buffer.from(replyTo.id) }),
      ...(timeout !== undefined && { messageExpiryInterval: Math.max(1, Math.ceil(timeout / 1000)) }),
      contentType: 'application/json',
      userProperties: userProperties({ ...headers, ...ours }),
    },
  };
}

export function readRequest(message: Message): Request | Unreadable {
  const { properties } = message;
  return properties?.responseTopic === undefined
    ? fromHead(message.payload)
    : fromProperties(message.payload, properties.responseTopic, properties);
}

export function isUnreadable(read: Request | Unreadable): read is Unreadable {
  return 'why' in read;
}

function fromProperties(
  body: Uint8Array,
  topic: string,
  given: NonNullable<Message['properties']>,
): Request | Unreadable {
  const replyTo: ReplyAddress = { form: 'properties', topic, id: given.correlationData };
  const { timeout, credit, ...headers } = lowerCase(Object.entries(given.userProperties ?? {}));
  if (sizeOf(headers) > headLimit) return { why: `the user properties have more than ${headLimit} bytes`, replyTo };
  const waits = [timeout, given.messageExpiryInterval === undefined ? undefined : given.messageExpiryInterval * 1000]
    .filter((one) => one !== undefined)
    .map(Number);
  return checked({
    replyTo,
    headers: given.contentType === undefined ? headers : { 'content-type': given.contentType, ...headers },
    timeout: waits.length === 0 ? undefined : Math.min(...waits),
    credit: credit === undefined ? undefined : Number(credit),
    body,
  });
}

function fromHead(payload: Uint8Array): Request | Unreadable {
  const split = splitHead(payload);
  if (typeof split === 'string') return { why: split, replyTo: undefined };
  const { id, replyTo: topic, headers = {}, timeout, credit } = split.head;
  if (typeof topic !== 'string') return { why: 'the head names no replyTo', replyTo: undefined };
  const replyTo: ReplyAddress = { form: 'head', topic, id: typeof id === 'string' ? Buffer.from(id) : undefined };
  if (id !== undefined && typeof id !== 'string') return { why: 'id: expected text', replyTo };
  if (!isRecord(headers) || !Object.values(headers).every((value) => typeof value === 'string')) {
    return { why: 'headers: expected an object of texts', replyTo };
  }
  return checked({
    replyTo,
    headers: lowerCase(Object.entries(headers as Record<string, string>)),
    timeout: timeout as number | undefined,
    credit: credit as number | undefined,
    body: split.body,
  });
}

function checked(request: Request): Request | Unreadable {
  const { timeout, credit, replyTo } = request;
  if (timeout !== undefined && !(Number.isFinite(timeout) && timeout > 0)) {
    return { why: 'timeout: expected milliseconds above 0', replyTo };
  }
  if (credit !== undefined && !isCredit(credit))
    return { why: 'credit: expected a whole number from 1 to 10000', replyTo };
  return request;
}

export function isCredit(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 10_000;
}

function lowerCase(entries: readonly (readonly [string, string | string[]])[]): Record<string, string> {
  return Object.fromEntries(
    entries.map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? value : value.join(', ')]),
  );
}

function sizeOf(headers: Readonly<Record<string, string>>): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}
