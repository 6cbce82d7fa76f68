import { type Representation, representation } from '../../../operation/index.js';

/** Every byte in turn, so that whatever reads them as text changes them. */
export function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at + (at >> 8)) & 0xff);
}

const mebibyte = 1024 * 1024;
const octets = 'application/octet-stream';

/** Representations by name. */
export const pages: ReadonlyMap<string, Representation> = new Map([
  [
    'every/byte',
    representation(bytesOf(256), octets, { etag: 'every', cache: { visibility: 'private', freshness: 'revalidate' } }),
  ],
  ['64 KiB', representation(bytesOf(64 * 1024), octets, { etag: 'sha256:64' })],
  ['1 MiB', representation(bytesOf(mebibyte), octets, { etag: 'sha256:1024' })],
  ['nothing', representation(new Uint8Array(), octets, { etag: 'nothing' })],
  // Whoever reads it and writes it again loses the spaces, the order or the number's form.
  [
    'json',
    representation(Buffer.from('{ "b": 1.0,\r\n\t"a" : "\\u00e9" }\n'), 'application/vnd.toy+json', { etag: 'json' }),
  ],
  [
    'text',
    representation(Buffer.from('\uFEFFgrüß dich\r\n'), 'text/plain; charset=utf-8', {
      etag: 'text',
      cache: { visibility: 'public', freshness: 'immutable' },
    }),
  ],
  [
    'public',
    representation(Buffer.from('p'), octets, { etag: 'p', cache: { visibility: 'public', freshness: 'revalidate' } }),
  ],
  ['unkept', representation(Buffer.from('u'), octets, { cache: { visibility: 'private', freshness: 'none' } })],
  ['not ready', representation(Buffer.from('starting'), 'text/plain; charset=utf-8', { outcome: 'unavailable' })],
]);
