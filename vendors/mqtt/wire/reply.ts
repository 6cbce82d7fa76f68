import { cacheControl, type Outcome, type Problem, type StreamItem } from '../../../core/operation/index.js';
import { type Fields, isRecord, type Message, splitHead, userProperties, withHead } from './message.js';
import type { ReplyAddress } from './request.js';

/**
 * One message to a caller. A stream is several: `stream`, then `item` after `item`, then `end`; all other kinds are one.
 */
export interface Reply {
  readonly kind: 'value' | 'empty' | 'representation' | 'not-modified' | 'problem' | 'stream' | 'item' | 'end';
  /**
   * `status` of the HTTP shape, `etag`, `location`, `cache-control`, `outcome`, `retry-after`, `www-authenticate`,
   * `x-correlation-id`; of a stream's messages `seq` from 1 on, an item's `item-id` and `event`, an end's `reason`.
   */
  readonly fields: Fields;
  readonly mediaType?: string;
  readonly body: Uint8Array;
}

/** Why a stream ended: `done`: by itself; `draining`: the host stops, so go on elsewhere; `failed`: the body is the problem. */
export type EndReason = 'done' | 'draining' | 'failed';

const nothing = new Uint8Array();
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value) ?? 'null');
const statusOf = { ok: 200, created: 201, accepted: 202 } as const;

/**
 * What the gate decided, as a message; of a stream only its beginning.
 * @param prefix of the vendor, which a location begins with as on HTTP
 */
export function replyOf(outcome: Outcome, prefix = ''): Reply {
  switch (outcome.kind) {
    case 'value':
      return {
        kind: 'value',
        fields: {
          status: statusOf[outcome.outcome],
          outcome: outcome.outcome,
          ...(outcome.etag !== undefined && { etag: `"${outcome.etag}"` }),
          ...(outcome.location !== undefined && { location: prefix + outcome.location }),
        },
        mediaType: 'application/json',
        body: json(outcome.value),
      };
    case 'empty':
      return { kind: 'empty', fields: { status: 204 }, body: nothing };
    case 'representation':
      return {
        kind: 'representation',
        fields: {
          status: outcome.outcome === 'unavailable' ? 503 : 200,
          outcome: outcome.outcome ?? 'ok',
          ...(outcome.etag !== undefined && { etag: `"${outcome.etag}"` }),
          ...(outcome.cache && { 'cache-control': cacheControl(outcome.cache) }),
        },
        mediaType: outcome.mediaType,
        body: outcome.bytes,
      };
    case 'not-modified':
      return {
        kind: 'not-modified',
        fields: {
          status: 304,
          etag: `"${outcome.etag}"`,
          ...(outcome.cache && { 'cache-control': cacheControl(outcome.cache) }),
        },
        body: nothing,
      };
    case 'problem':
      return problemReply(outcome.problem, outcome.challenges);
    case 'stream':
      return { kind: 'stream', fields: { status: 200 }, body: nothing };
  }
}

function problemReply(problem: Problem, challenges: readonly string[]): Reply {
  return {
    kind: 'problem',
    fields: {
      status: problem.kind.status,
      ...(problem.retryAfterSeconds !== undefined && { 'retry-after': problem.retryAfterSeconds }),
      ...(challenges.length > 0 && { 'www-authenticate': challenges }),
    },
    mediaType: 'application/problem+json',
    body: json(problem.body()),
  };
}

export function itemReply({ id, event, data }: StreamItem<unknown>, seq: number): Reply {
  return {
    kind: 'item',
    fields: { seq, ...(id !== undefined && { 'item-id': id }), ...(event !== undefined && { event }) },
    mediaType: 'application/json',
    body: json(data),
  };
}

export function endReply(reason: EndReason, seq: number, problem?: Problem): Reply {
  return {
    kind: 'end',
    fields: { seq, reason },
    ...(problem && { mediaType: 'application/problem+json' }),
    body: problem ? json(problem.body()) : nothing,
  };
}

export function writeReply({ form, topic, id }: ReplyAddress, { kind, fields, mediaType, body }: Reply): Message {
  if (form === 'head') {
    const head = {
      ...(id && { id: Buffer.from(id).toString() }),
      kind,
      ...fields,
      ...(mediaType !== undefined && { 'content-type': mediaType }),
    };
    return { topic, payload: withHead(head, body) };
  }
  return {
    topic,
    payload: body,
    properties: {
      ...(id && { correlationData: Buffer.from(id) }),
      ...(mediaType !== undefined && { contentType: mediaType }),
      userProperties: userProperties({ kind, ...fields }),
    },
  };
}

const kinds: ReadonlySet<unknown> = new Set<Reply['kind']>([
  'value',
  'empty',
  'representation',
  'not-modified',
  'problem',
  'stream',
  'item',
  'end',
]);

/** @returns `undefined` for what is no reply, or one to a call without an id */
export function readReply({
  payload,
  properties,
}: Message): { readonly id: Uint8Array; readonly reply: Reply } | undefined {
  const split = properties?.userProperties?.['kind'] === undefined ? splitHead(payload) : undefined;
  if (typeof split === 'string') return undefined;
  const { id: headId, 'content-type': headType, ...head } = split?.head ?? {};
  const id = split ? (typeof headId === 'string' ? Buffer.from(headId) : undefined) : properties?.correlationData;
  const { kind, ...fields } = split ? head : { ...properties?.userProperties };
  const mediaType = split ? headType : properties?.contentType;
  if (id === undefined || !kinds.has(kind) || !Object.values(fields).every(isField)) return undefined;
  return {
    id,
    reply: {
      kind: kind as Reply['kind'],
      fields: fields as Fields,
      ...(typeof mediaType === 'string' && { mediaType }),
      body: split ? split.body : payload,
    },
  };
}

function isField(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || (Array.isArray(value) && !value.some(isRecord));
}
