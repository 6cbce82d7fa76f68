/** What every provider of locks needs and none may take from another. */
export { type Grant, type GrantAsker, Leases } from './leases.js';
