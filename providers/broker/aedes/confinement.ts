/** One level of a topic. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what no topic may hold (MQTT 3.1.1 section 1.5.3).
export const levelForm = /^[^+#/\u0000]{1,256}$/;

export function levelFault(text: string): string | undefined {
  return levelForm.test(text) ? undefined : 'expected 1 to 256 characters without + # / and NUL';
}

/** Whether a client may publish to a topic: its calls, and what it says of them. */
export function mayPublish(root: string, name: string, topic: string): boolean {
  const own = `${root}/${name}/`;
  if (!topic.startsWith(own)) return false;
  const rest = topic.slice(own.length);
  return rest === 'control' || /^call\/[^/]+$/.test(rest);
}

/** Whether a client may subscribe to a filter: answers to its own calls, with wildcards only behind that. */
export function maySubscribe(root: string, name: string, filter: string): boolean {
  return filter.startsWith(`${root}/${name}/reply/`);
}
