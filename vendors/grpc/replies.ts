import { Metadata, type StatusObject } from '@grpc/grpc-js';
import type { Outcome, Problem, ValueReply } from '../../core/operation/index.js';
import { notModifiedForm, type RepresentationForm, replyFields, representationForm, statusOf } from './wire/index.js';

/** A reply that is one message. */
export interface Rendered {
  /** In the JSON form of the response's message. */
  readonly message: unknown;
  /** What is sent before the message; `undefined` for nothing. */
  readonly metadata: Metadata | undefined;
}

type Single = Exclude<Outcome, { kind: 'problem' | 'stream' }>;

/**
 * A reply as message and metadata.
 *
 * @param representation whether the operation answers one: what is not modified is then said in the message itself
 * @param wrapped whether the value is no object, and stands in a message around it
 */
export function render(
  outcome: Single,
  { prefix, representation, wrapped }: { prefix: string; representation: boolean; wrapped: boolean },
): Rendered {
  switch (outcome.kind) {
    case 'empty':
      return { message: {}, metadata: undefined };
    case 'representation':
      return { message: representationForm(outcome) satisfies RepresentationForm, metadata: undefined };
    case 'not-modified':
      return representation
        ? { message: notModifiedForm(outcome.etag, outcome.cache), metadata: undefined }
        : { message: {}, metadata: fields({ etag: `"${outcome.etag}"`, notModified: 'true' }) };
    case 'value':
      return { message: wrapped ? { value: outcome.value } : outcome.value, metadata: metadataOf(outcome, prefix) };
  }
}

function metadataOf({ etag, location, outcome }: ValueReply<unknown>, prefix: string): Metadata | undefined {
  if (etag === undefined && location === undefined && outcome === 'ok') return undefined;
  return fields({
    ...(etag !== undefined && { etag: `"${etag}"` }),
    ...(location !== undefined && { location: prefix + location }),
    ...(outcome !== 'ok' && { outcome }),
  });
}

function fields(values: Partial<Record<keyof typeof replyFields, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) {
    metadata.set(replyFields[name as keyof typeof replyFields], value);
  }
  return metadata;
}

/** The end of a call that came to a problem. */
export function failure(problem: Problem, challenges: readonly string[], correlationId: string): StatusObject {
  const { code, details, bytes } = statusOf(problem);
  const metadata = fields({ correlation: correlationId });
  metadata.set(replyFields.details, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  for (const challenge of challenges) metadata.add(replyFields.challenges, challenge);
  if (problem.retryAfterSeconds !== undefined) metadata.set(replyFields.retryAfter, String(problem.retryAfterSeconds));
  return { code, details, metadata };
}
