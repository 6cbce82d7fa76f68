/**
 * Stores compare text by its UTF-8, which orders by code point. The port promises code units, and the two differ for
 * surrogate pairs. Code units from U+D800 on are therefore stored as the code point 0x10000 above them: that keeps
 * their order, makes text of every string, and leaves the usual ones as they are.
 */
const offset = 0x10000;

/**
 * Text as a store that compares UTF-8 has to keep it, so that it orders by code unit.
 * @experimental
 */
export function toStored(text: string): string {
  if (!/[\ud800-\uffff]/.test(text)) return text;
  return text.replace(/[\ud800-\uffff]/g, (unit) => String.fromCodePoint(unit.charCodeAt(0) + offset));
}

/**
 * The text that {@link toStored} was given.
 * @experimental
 */
export function fromStored(stored: string): string {
  return stored.replace(/[\u{10000}-\u{1ffff}]/gu, (point) =>
    String.fromCharCode((point.codePointAt(0) ?? 0) - offset),
  );
}
