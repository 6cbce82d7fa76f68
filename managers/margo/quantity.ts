/** Bytes of a quantity such as `1024Mi` or `59 Gi`; `undefined` when it is none. */
export function quantityBytes(_text: string): bigint | undefined {
  throw new Error('not written yet');
}
