export * from './artifact-reference.js';
export * from './artifacts.js';
export * from './component-digest.js';
export * from './events.js';
export * from './fleet-manager.js';
export * from './port.js';
export * from './state.js';
export * from './target.js';
