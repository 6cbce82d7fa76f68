import { type CacheRule, cacheControl, type Representation } from '../../../core/operation/index.js';
import type { ProtoField, ProtoMessage } from './model.js';
import { protoPackage } from './names.js';

const field = (number: number, json: string, name: string, type: string, comment: string): ProtoField => ({
  json,
  name,
  number,
  shape: 'single',
  type,
  comment: [comment],
});

/** The one message whose numbers stand here, and in no lock. */
export const representationMessage: ProtoMessage = {
  name: `${protoPackage}.Representation`,
  form: 'representation',
  reserved: [],
  comment: [
    'Exact bytes. What they are for a conditional call: send the ETag in quotes as the metadata if-none-match.',
  ],
  fields: [
    field(1, 'content', 'content', 'bytes', 'The bytes; digests are over these. Missing when not modified.'),
    field(2, 'mediaType', 'media_type', 'string', 'Their media type.'),
    field(3, 'etag', 'etag', 'string', 'Their version, without quotes.'),
    field(4, 'notModified', 'not_modified', 'bool', 'The caller has these bytes already.'),
    field(5, 'cacheControl', 'cache_control', 'string', 'How long they may be kept, as in HTTP (RFC 9111).'),
    field(6, 'unavailable', 'unavailable', 'bool', 'The bytes say that something is not ready.'),
  ],
};

/** A representation, or that the caller has it already, as the message's JSON form. */
export type RepresentationForm = {
  readonly content?: Uint8Array;
  readonly mediaType?: string;
  readonly etag?: string;
  readonly notModified?: boolean;
  readonly cacheControl?: string;
  readonly unavailable?: boolean;
};

export function representationForm({ bytes, mediaType, etag, cache, outcome }: Representation): RepresentationForm {
  return {
    content: bytes,
    mediaType,
    ...(etag !== undefined && { etag }),
    ...(cache && { cacheControl: cacheControl(cache) }),
    ...(outcome === 'unavailable' && { unavailable: true }),
  };
}

export function notModifiedForm(etag: string, cache: CacheRule | undefined): RepresentationForm {
  return { etag, notModified: true, ...(cache && { cacheControl: cacheControl(cache) }) };
}
