import type { MountedOperation, Output } from '../../../core/operation/index.js';
import type { Json, Schemas } from './schemas.js';

const text = { type: 'string' } as const;
const headers = (properties: Json): Json => ({ type: 'object', properties });

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status'],
  properties: {
    type: text,
    title: text,
    status: { type: 'integer' },
    detail: text,
    retryable: { type: 'boolean' },
    retryAfterSeconds: { type: 'number' },
    errors: { type: 'array', items: { type: 'object', properties: { field: text, message: text } } },
  },
};

const controlSchema: Json = {
  type: 'object',
  required: ['type', 'session'],
  properties: {
    type: { enum: ['cancel', 'more', 'here', 'gone'] },
    session: { ...text, description: 'Last level of the reply topic' },
    id: { ...text, description: 'Correlation id of the call; with cancel and more' },
    credit: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      description: 'Items that are taken beside those before; with more',
    },
  },
};

/** Messages that are the same for all operations. */
export const commonMessages: Json = {
  problem: {
    title: 'A problem (RFC 9457)',
    contentType: 'application/problem+json',
    headers: headers({
      kind: { const: 'problem' },
      status: { type: 'integer' },
      'retry-after': { type: 'integer' },
    }),
    payload: problemSchema,
  },
  'not-modified': {
    title: 'The caller has the present version already',
    headers: headers({ kind: { const: 'not-modified' }, status: { const: 304 }, etag: text }),
  },
  end: {
    title: 'The end of a stream',
    headers: headers({
      kind: { const: 'end' },
      seq: { type: 'integer' },
      reason: { enum: ['done', 'draining', 'failed'] },
    }),
  },
  control: { title: 'Control', contentType: 'application/json', payload: controlSchema },
};

/** What a call and its answer look like. */
export function messagesOf(
  { operation: { id, summary, output } }: MountedOperation,
  schemas: Schemas,
): [string, Json][] {
  return [
    [
      `${id}.call`,
      {
        title: summary,
        contentType: 'application/json',
        correlationId: {
          description: 'Correlation data of MQTT 5; on 3.1.1 `id` of the head',
          location: '$message.header#/id',
        },
        headers: headers({
          id: text,
          replyTo: text,
          authorization: { ...text, description: 'Bearer and an API token' },
          signature: { ...text, description: 'RFC 9421, with signature-input, over the HTTP form of the call' },
          'signature-input': text,
          'content-digest': text,
          'if-none-match': text,
          'if-match': text,
          'idempotency-key': text,
          'last-event-id': text,
          'x-correlation-id': text,
          timeout: { type: 'integer', description: 'Milliseconds that the caller waits' },
          credit: { type: 'integer', description: 'Items of a stream that the caller takes at first' },
        }),
        payload: schemas.inputs[id],
      },
    ],
    [`${id}.reply`, replyMessage(output, schemas.outputs[id])],
  ];
}

function replyMessage(output: Output, payload: Json | undefined): Json {
  switch (output.kind) {
    case 'value':
      return {
        title: 'A value',
        contentType: 'application/json',
        headers: headers({
          kind: { const: 'value' },
          status: { enum: [200, 201, 202] },
          outcome: { enum: ['ok', 'created', 'accepted'] },
          etag: text,
          location: text,
        }),
        payload: payload,
      };
    case 'empty':
      return { title: 'Done', headers: headers({ kind: { const: 'empty' }, status: { const: 204 } }) };
    case 'representation':
      return {
        title: 'Exact bytes',
        description: `One of ${output.mediaTypes.join(', ')}`,
        ...(output.mediaTypes[0] !== undefined && { contentType: output.mediaTypes[0] }),
        headers: headers({
          kind: { const: 'representation' },
          status: { enum: [200, 503] },
          etag: text,
          'cache-control': text,
        }),
        payload: { type: 'string', format: 'binary' },
      };
    case 'stream':
      return {
        title: 'An item of a stream',
        description: 'A first message of kind stream, without a payload, says that the stream has begun.',
        contentType: 'application/json',
        headers: headers({
          kind: { enum: ['stream', 'item'] },
          seq: { type: 'integer' },
          'item-id': text,
          event: text,
        }),
        payload: payload,
      };
  }
}
