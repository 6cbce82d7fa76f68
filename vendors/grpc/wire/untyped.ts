import { z } from 'zod';
import type { Operation } from '../../../core/operation/index.js';
import { type WireCall, wireCallOf } from './calls.js';
import { Malformed, type MessageCodec } from './codec.js';

/** Whether a caller has no types for an operation, and so knows no fields and no numbers of them. */
export function isUntyped({ input }: Operation): boolean {
  return input instanceof z.ZodUnknown;
}

/** How the calls of such an operation look: its input and what it answers are JSON. */
export function untypedCallOf(operation: Operation): WireCall {
  const answers = 'schema' in operation.output;
  const output = answers ? { ...operation.output, schema: z.unknown() } : operation.output;
  const call = wireCallOf({ ...operation, input: z.object({}), output }, {});
  return { ...call, wrapped: false, request: jsonCodec, response: answers ? jsonCodec : call.response };
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** JSON in UTF-8, in the place of a message. */
export const jsonCodec: MessageCodec = {
  encode: (value) => Buffer.from(JSON.stringify(value) ?? 'null'),
  decode: (bytes) => {
    try {
      return JSON.parse(decoder.decode(bytes)) as unknown;
    } catch (cause) {
      throw new Malformed('is no JSON', { cause });
    }
  },
};
