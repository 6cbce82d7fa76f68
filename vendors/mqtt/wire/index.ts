/** The form that calls take on MQTT: what the binding and the caller's end both know. */
export * from './address.js';
export * from './connection.js';
export * from './control.js';
export * from './dial.js';
export * from './fault.js';
export * from './message.js';
export * from './reply.js';
export * from './request.js';
export * from './topics.js';
