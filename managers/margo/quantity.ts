const powers = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/**
 * Bytes of a quantity such as `1024Mi`, `59 Gi` or `1.5Gi` (section "Device Constraints": `^[0-9]+(Ki|Mi|...)$`; devices
 * write a space and fractions). A fraction of a byte is dropped.
 *
 * @returns `undefined` when it is none; there is no bare number, as nobody can tell its unit
 */
export function quantityBytes(text: string): bigint | undefined {
  const [, whole, fraction = '', unit] = /^\s*(\d{1,20})(?:\.(\d{1,9}))?\s*([KMGTPE]i)B?\s*$/.exec(text) ?? [];
  if (whole === undefined || unit === undefined) return undefined;
  const scale = 10n ** BigInt(fraction.length);
  return (BigInt(whole + fraction) << BigInt(10 * powers.indexOf(unit))) / scale;
}
