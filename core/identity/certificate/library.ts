import type * as X509 from '@peculiar/x509';

/**
 * The library that writes certificates and reads their extensions, loaded on first use: it takes 100 ms, and a host
 * that has its certificates already never needs it.
 */
export async function loadX509(): Promise<typeof X509> {
  // Its own container needs the metadata polyfill to be there first.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
