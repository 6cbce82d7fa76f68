/** What the author of a plugin imports, and all of it: `tutti/plugin`. */
export { z } from 'zod';
export * from '../client/index.js';
export { canonicalJson } from '../json/canonical.js';
export * from '../operation/index.js';
export * from '../ports/index.js';
export * from './clock.js';
export * from './definition.js';
export * from './lifecycle.js';
export * from './logger.js';
export * from './secret.js';
