/** What every provider of locks needs and none may take from another. */
export type { Grant } from './held-lease.js';
export { type GrantAsker, Leases } from './leases.js';
