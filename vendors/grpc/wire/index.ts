/** The form of calls over gRPC, known by the binding and by the caller's end. */
export * from './calls.js';
export * from './codec.js';
export { inputForm, outputForm, replyFields } from './fields.js';
export { assignNumbers, entriesOf, mergeLocks, type NumberLock, parseLock } from './lock.js';
export * from './model.js';
export { type MethodName, methodNameOf, pathOf } from './names.js';
export { builtinNumbers, withBuiltin } from './numbers.js';
export * from './representation.js';
export { type DescribedOperation, describe } from './schema.js';
export * from './status.js';
export { isUntyped, jsonCodec, untypedCallOf } from './untyped.js';
