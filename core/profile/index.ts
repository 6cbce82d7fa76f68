/** The profile: one file that says what a host is made of, read strictly and checked as a whole. */
export { type Fault, type FaultCode, ProfileError } from './faults.js';
export { configJsonSchema, type NamedEntry, profileJsonSchema } from './json-schema.js';
export { type LoadProfileOptions, loadProfile } from './load.js';
export * from './model.js';
export type { LoadedPlugin } from './plugins.js';
export type { Environment } from './substitute.js';
export { type Survey, surveyProfile } from './survey.js';
