/**
 * Text as it may come onto a terminal: registries, devices and charts tell names and messages that nobody has checked, and a
 * terminal takes control characters for commands, and marks of direction for a reason to show another text.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}
