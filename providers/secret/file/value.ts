import { SecretFault } from '../../../core/plugin/index.js';

/** Bytes of the longest value, and what an editor may leave behind it. */
const largestValue = 65_536;
const [carriageReturn, lineFeed] = [0x0d, 0x0a];
export const largestFile = largestValue + '\r\n'.length;

/**
 * The secret in the bytes of a file: its text, without the line break that an editor left at the end.
 *
 * @param what for a person
 * @throws SecretFault `invalid`; no message and no cause quotes the content
 */
export function readSecret(content: Buffer, what: string): string {
  const ending = content.at(-1) !== lineFeed ? 0 : content.at(-2) === carriageReturn ? 2 : 1;
  const value = content.subarray(0, content.byteLength - ending);
  if (value.byteLength === 0) throw new SecretFault('invalid', `${what} is empty`);
  if (value.byteLength > largestValue) {
    throw new SecretFault('invalid', `${what} is longer than the ${largestValue} bytes that a secret may have`);
  }
  try {
    // A byte order mark is somebody's as well.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    throw new SecretFault('invalid', `${what} is no text in UTF-8`);
  }
}
