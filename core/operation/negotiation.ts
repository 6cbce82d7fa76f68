import Negotiator from 'negotiator';
import type { Output } from './operation.js';
import { Problem, problems } from './problem.js';

const json = ['application/json'];
/** The type of server-sent events stands for all streams: it is what the callers that ask for a type ask for. */
const events = ['text/event-stream', ...json];

function mediaTypesOf(output: Output): readonly string[] {
  switch (output.kind) {
    case 'representation':
      return output.mediaTypes;
    case 'stream':
      return events;
    case 'value':
      return json;
    case 'empty':
      return [];
  }
}

/**
 * Whether a caller takes what is answered (RFC 9110 section 12.5.1). Nothing that is sent without a body can be unacceptable.
 *
 * @throws {@link Problem} 406 with what there is
 */
export function negotiate(accept: string | undefined, output: Output): void {
  const available = mediaTypesOf(output);
  if (available.length === 0) return;
  if (accept === undefined || accept === '*/*' || accept === available[0]) return;
  if (new Negotiator({ headers: { accept } }).mediaType([...available]) === undefined) {
    throw new Problem(problems.notAcceptable, `available: ${available.join(', ')}; the request accepts ${accept}`);
  }
}
