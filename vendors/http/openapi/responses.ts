import type { Operation } from '../../../core/operation/index.js';
import type { JsonObject } from './schemas.js';

const text = (description: string): JsonObject => ({ description, schema: { type: 'string' } });
const etag = { ETag: text('A strong validator of the answer as it is before any Content-Encoding') };
const notModified: JsonObject = { description: 'The caller has it already', headers: etag };

/** What an operation answers when all is well, by status. */
export function responsesOf({ output, idempotency }: Operation, schema: JsonObject): Record<string, JsonObject> {
  switch (output.kind) {
    case 'empty':
      return { '204': { description: 'Done' } };
    case 'representation':
      return {
        '200': {
          description: 'Exact bytes',
          headers: { ...etag, 'Cache-Control': text('How long and by whom it may be kept') },
          content: Object.fromEntries(output.mediaTypes.map((mediaType) => [mediaType, {}])),
        },
        '304': notModified,
      };
    case 'stream':
      return {
        '200': {
          description: 'Server-sent events until either side ends them; the data of each is JSON of this schema',
          content: { 'text/event-stream': { schema } },
        },
      };
    case 'value': {
      const content = { 'application/json': { schema } };
      if (idempotency === 'safe') {
        return { '200': { description: 'As asked', headers: etag, content }, '304': notModified };
      }
      return {
        '2XX': {
          description: '200: done; 201: something was made; 202: the work goes on',
          headers: { ...etag, Location: text('Path of what was made') },
          content,
        },
        '204': {
          description: 'Done, for a caller that prefers `return=minimal`',
          headers: { 'Preference-Applied': text('The preference that was heeded (RFC 7240)') },
        },
      };
    }
  }
}
