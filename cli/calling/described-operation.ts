import type { Operation, Output } from '../../core/operation/index.js';
import { anyone } from '../../core/operation/index.js';
import { z } from '../../core/plugin/index.js';
import type { OperationDescription } from '../../vendors/system/operations.js';

/** An operation as the host describes it: the host judges the input, and what it answers is taken as it is. */
export function describedOperation({ id, summary, idempotency, output, http }: OperationDescription): Operation {
  const { method, path, aliases, query, body } = http;
  return {
    ...{ id, summary, idempotency },
    input: z.unknown(),
    output: outputOf(output),
    problems: [],
    access: anyone,
    http: {
      ...{ method, path },
      ...(aliases && { aliases }),
      ...(query && { query }),
      ...(body !== undefined && { body }),
    },
  };
}

function outputOf({ kind, mediaTypes = [] }: OperationDescription['output']): Output {
  switch (kind) {
    case 'empty':
      return { kind };
    case 'representation':
      return { kind, mediaTypes };
    default:
      return { kind, schema: z.unknown() };
  }
}
