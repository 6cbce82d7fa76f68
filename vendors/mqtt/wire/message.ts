import type { IPublishPacket } from 'mqtt';

/** Fields beside a message's bytes, under their names on HTTP in lower case. */
export type Fields = Readonly<Record<string, string | number | readonly string[]>>;

/** A message as a broker carries it. */
export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Of MQTT 5. */
  readonly properties?: IPublishPacket['properties'];
}

/**
 * How a message carries its fields: as properties of MQTT 5, or as one line of JSON before the bytes. A message can be
 * told to be of the first form by its response topic; a call is answered in the form that it came in.
 */
export type Form = 'properties' | 'head';

/** Bytes of all fields of a message, whichever the form. */
export const headLimit = 16 * 1024;

const newline = 0x0a;

/** One line of JSON, a line feed, and the bytes as they are. */
export function withHead(head: object, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]);
}

/**
 * Takes the line of JSON off a message.
 *
 * @returns a text that says what is wrong, for what has no such line; a message without a line feed is all head
 */
export function splitHead(
  payload: Uint8Array,
): { readonly head: Record<string, unknown>; readonly body: Uint8Array } | string {
  const found = payload.indexOf(newline);
  const end = found === -1 ? payload.length : found;
  if (end > headLimit) return `the head has more than ${headLimit} bytes`;
  const head = jsonIn(payload.subarray(0, end));
  if (!isRecord(head)) return 'the message does not begin with one line of JSON, an object';
  return { head, body: payload.subarray(Math.min(end + 1, payload.length)) };
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** @returns `undefined` for what is no JSON in UTF-8 */
export function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes)) as unknown;
  } catch {
    // Whatever is wrong with it, the caller is told that it is no JSON.
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields as properties of MQTT 5, whose values are texts. */
export function userProperties(fields: Fields): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'object' ? [...value] : String(value)]),
  );
}

/** A correlation id as a key: any bytes, none confused with others. */
export const idKey = (id: Uint8Array): string =>
  Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1');
