export * from './clock.js';
export * from './describe.js';
export * from './failures.js';
export * from './host.js';
export * from './log.js';
export * from './plan-reload.js';
export * from './reload-report.js';
export * from './status.js';
