/** A host from the caller's side: typed calls of operations over any transport. What authors of plugins see of it. */
export {
  type AnswerOf,
  answerTo,
  type CallOptions,
  type Client,
  type ClientSettings,
  call,
  clientOf,
  type Operations,
  type ResultOf,
} from './client.js';
export * from './credentials.js';
export { memoryTransport } from './memory.js';
export * from './outgoing.js';
