export * from './linked-abort-controller.js';
export * from './semaphore.js';
export * from './turns.js';
