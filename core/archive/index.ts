export * from './fault.js';
export * from './pack.js';
export * from './unpack.js';
