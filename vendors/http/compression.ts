import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import Negotiator from 'negotiator';

export type Encoding = 'br' | 'gzip';

/** Bytes; below this, the head of an answer is most of what there is. */
const least = 1024;
/** The better one first, for callers that take any. */
const encodings: readonly Encoding[] = ['br', 'gzip'];
/** All that is text; what is packed already (`application/gzip`, `...+gzip`, `...+zip`) and unknown bytes stay as they are. */
const compressible = /^(?:text\/(?!event-stream)|[\w.+-]+\/(?:[\w.+-]+\+)?(?:json|xml|yaml|javascript)\s*(?:;|$))/i;

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Whether an answer of this media type may be there in more than one encoding. */
export function isCompressible(mediaType: string): boolean {
  return compressible.test(mediaType);
}

/**
 * The encoding that a caller wants most (RFC 9110 section 12.5.3).
 *
 * @param accepted the field Accept-Encoding; without it nothing is compressed
 * @returns `undefined` for the bytes as they are
 */
export function chosenEncoding(
  accepted: string | readonly string[] | undefined,
  mediaType: string,
  size: number,
): Encoding | undefined {
  if (accepted === undefined || size < least || !isCompressible(mediaType)) return undefined;
  const negotiator = new Negotiator({ headers: { 'accept-encoding': String(accepted) } });
  const [best] = negotiator.encodings([...encodings, 'identity']);
  return encodings.find((encoding) => encoding === best);
}

/**
 * Encoded forms of bytes, each made once for as long as the bytes are around: those of a representation are the same
 * array at every poll. Made beside the event loop.
 */
export class EncodedForms {
  readonly #forms = new WeakMap<Uint8Array, Partial<Record<Encoding, Promise<Uint8Array> | Uint8Array>>>();

  /** @returns at once what was made before; the bytes themselves where encoding makes them no smaller */
  of(bytes: Uint8Array, encoding: Encoding): Promise<Uint8Array> | Uint8Array {
    const forms = this.#forms.get(bytes) ?? {};
    this.#forms.set(bytes, forms);
    const present = forms[encoding];
    if (present) return present;
    const making = encode(bytes, encoding).then((encoded) => {
      const form = encoded.byteLength < bytes.byteLength ? encoded : bytes;
      forms[encoding] = form;
      return form;
    });
    forms[encoding] = making;
    return making;
  }
}

/** Brotli below its best, which takes a hundred times as long for a few hundredths less. */
function encode(bytes: Uint8Array, encoding: Encoding): Promise<Uint8Array> {
  if (encoding === 'gzip') return zip(bytes);
  return brotli(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength },
  });
}
