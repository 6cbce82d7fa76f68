/** Keys, certificates and signatures: who somebody is, proven. Knows no protocol server and no dialect. */

export * from './certificate/index.js';
export * from './key/index.js';
export * from './signature/index.js';
export * from './tls/index.js';
