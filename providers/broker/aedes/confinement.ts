/** One level of a topic. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what no topic may hold (MQTT 3.1.1 section 1.5.3).
export const levelForm = /^[^+#/\u0000]{1,256}$/;

export function levelFault(text: string): string | undefined {
  return levelForm.test(text) ? undefined : 'expected 1 to 256 characters without + # / and NUL';
}

/**
 * Whether a client may publish to a topic, or subscribe to a filter: both only below `<root>/<its name>/`, and
 * wildcards only behind that.
 */
export function isOwn(root: string, name: string, topic: string): boolean {
  return topic.startsWith(`${root}/${name}/`);
}
