/** What every event bus needs and none may take from another. */
export { type Failure, Handlers, type HandlersOptions, type Publication } from './handlers.js';
