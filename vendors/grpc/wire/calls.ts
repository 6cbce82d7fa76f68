import type { Operation } from '../../../core/operation/index.js';
import { codecs, type MessageCodec } from './codec.js';
import { assignNumbers, type NumberLock } from './lock.js';
import type { ProtoFile } from './model.js';
import { pathOf } from './names.js';
import { describe } from './schema.js';

/** How the calls of one operation look on the wire. */
export interface WireCall {
  /** `/tutti.v1.Deployments/List`. */
  readonly path: string;
  readonly streams: boolean;
  /** Whether what is answered is no object, and stands as `value` in a message around it. */
  readonly wrapped: boolean;
  readonly request: MessageCodec;
  readonly response: MessageCodec;
}

/** By operation id. */
export function wireCalls(file: ProtoFile): ReadonlyMap<string, WireCall> {
  const requestOf = codecs(file, 'misfit');
  const responseOf = codecs(file);
  return new Map(
    file.services.flatMap((service) =>
      service.methods.map(({ operation, name, request, response, streams }) => [
        operation,
        {
          path: pathOf({ service: service.name, method: name }),
          streams,
          wrapped: file.messages.get(response)?.form === 'value',
          request: requestOf(request),
          response: responseOf(response),
        },
      ]),
    ),
  );
}

/** The calls of an operation by its declaration alone: numbers do not depend on what else a host serves. */
export function wireCallOf(operation: Operation, lock: NumberLock): WireCall {
  const call = wireCalls(assignNumbers(describe([{ operation }]), lock).file).get(operation.id);
  if (!call) throw new Error(`${operation.id} has no form over gRPC`);
  return call;
}
