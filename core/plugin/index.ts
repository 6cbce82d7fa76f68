/**
 * What the author of a plugin imports, and all of it: `tutti/plugin`. Each part says how settled it is:
 * - `@stable since X`: until the next major version it changes only in ways that break no plugin.
 * - `@experimental`: it may change with any version. A stable thing may hold an experimental one, which is no more
 *   settled for that.
 */
export { z } from 'zod';
export * from '../client/public.js';
export * from '../correlation/index.js';
export { canonicalJson } from '../json/canonical.js';
export * from '../operation/access.js';
export * from '../operation/cache-control.js';
export type { IncomingCall } from '../operation/call.js';
export * from '../operation/carried-call.js';
export * from '../operation/conditional.js';
// One is given to a binding; nobody else makes it.
export type { Gate, Outcome } from '../operation/gate.js';
export * from '../operation/http-form.js';
export * from '../operation/local.js';
export * from '../operation/mounted.js';
export * from '../operation/operation.js';
export * from '../operation/problem.js';
export * from '../operation/reply.js';
export * from '../operation/surface.js';
export * from '../ports/index.js';
export * from '../state/index.js';
export * from '../work/public.js';
export * from './clock.js';
export * from './definition.js';
export * from './lifecycle.js';
export * from './logger.js';
export * from './secret.js';
