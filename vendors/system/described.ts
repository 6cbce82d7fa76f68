import { type MountedOperation, type Operation, z } from '../../core/plugin/index.js';
import type { OperationDescription } from './operations.js';

type Described = Pick<OperationDescription, 'input' | 'output'>;

/** Describes operations; what costs time is worked out once for each. */
export class OperationDescriptions {
  readonly #known = new WeakMap<Operation, Described>();

  of({ operation, vendor, prefix }: MountedOperation): OperationDescription {
    const { id, summary, access, idempotency, http } = operation;
    const known = this.#known.get(operation) ?? described(operation);
    this.#known.set(operation, known);
    const { method, path, aliases, query, body } = http;
    return {
      ...{ id, summary, vendor, prefix, access: access.rule, idempotency },
      ...known,
      http: {
        ...{ method, path },
        ...(aliases && { aliases: [...aliases] }),
        ...(query && { query: [...query] }),
        ...(body !== undefined && { body }),
      },
    };
  }
}

function described({ input, output }: Operation): Described {
  return {
    input: jsonSchema(input, 'input'),
    output: {
      kind: output.kind,
      ...('schema' in output && { schema: jsonSchema(output.schema, 'output') }),
      ...('mediaTypes' in output && { mediaTypes: [...output.mediaTypes] }),
    },
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return { ...z.toJSONSchema(schema, { io, unrepresentable: 'any' }) };
}
