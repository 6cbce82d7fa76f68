import type { Metadata } from '@grpc/grpc-js';
import { cacheRule } from '../../../core/operation/index.js';
import { type Answer, type OutgoingCall, TransportFault } from '../../../core/ports/transport.js';
import { Malformed, type RepresentationForm, replyFields, type WireCall } from '../../../vendors/grpc/wire/index.js';

/**
 * The answer that a message and the metadata before it make.
 *
 * @throws {@link TransportFault} `invalid`
 */
export function answered(
  { operation: { id, output } }: OutgoingCall,
  wire: WireCall,
  bytes: Uint8Array,
  metadata: Metadata,
  address: string,
): Answer {
  const field = (name: string): string | undefined => metadata.get(name)[0]?.toString();
  const invalid = (why: string): TransportFault =>
    new TransportFault('invalid', `the answer of ${address} to ${id} cannot be understood: ${why}`);
  const etag = field(replyFields.etag)?.replace(/^"(.*)"$/, '$1');
  if (field(replyFields.notModified) === 'true' && etag !== undefined) return { kind: 'not-modified', etag };
  let message: unknown;
  try {
    message = wire.response.decode(bytes);
  } catch (cause) {
    if (cause instanceof Malformed) throw invalid(`the message ${cause.message}`);
    throw cause;
  }
  switch (output.kind) {
    case 'empty':
      return { kind: 'empty' };
    case 'representation':
      return representation(message as RepresentationForm, invalid);
    default: {
      const location = field(replyFields.location);
      return {
        kind: 'value',
        outcome: outcomeOf(field(replyFields.outcome)),
        value: wire.wrapped ? (message as { value?: unknown }).value : message,
        ...(etag !== undefined && { etag }),
        ...(location !== undefined && { location }),
      };
    }
  }
}

function outcomeOf(text: string | undefined): 'ok' | 'created' | 'accepted' {
  return text === 'created' || text === 'accepted' ? text : 'ok';
}

function representation(
  { content, mediaType, etag, notModified, cacheControl, unavailable }: RepresentationForm,
  invalid: (why: string) => TransportFault,
): Answer {
  if (notModified === true) {
    if (etag === undefined) throw invalid('it is not modified, and does not say what');
    return { kind: 'not-modified', etag };
  }
  if (mediaType === undefined) throw invalid('it has no media type');
  const cache = cacheRule(cacheControl);
  return {
    kind: 'representation',
    outcome: unavailable === true ? 'unavailable' : 'ok',
    bytes: content ?? new Uint8Array(0),
    mediaType,
    ...(etag !== undefined && { etag }),
    ...(cache && { cache }),
  };
}
