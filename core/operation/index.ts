export * from './access.js';
export type { IncomingCall } from './call.js';
export * from './conditional.js';
export * from './gate.js';
export * from './mounted.js';
export * from './operation.js';
export * from './problem.js';
export * from './reply.js';
export * from './surface.js';
