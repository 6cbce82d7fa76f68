/** Whether `text` is a name that every store can keep: well-formed, without U+0000, 1 to 512 UTF-16 code units. */
export function isPlainName(text: string): boolean {
  return text.length > 0 && text.length <= 512 && !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}
