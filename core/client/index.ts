/** A host from the caller's side, with the signing of a device. */
export * from './public.js';
export * from './signed.js';
