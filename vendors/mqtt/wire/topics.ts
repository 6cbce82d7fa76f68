/**
 * `<root>/<name>/call/<operation id>`, `<root>/<name>/reply/<session>` and `<root>/<name>/control`: all that a caller
 * uses lies below its own name, so that a broker's access list can keep callers apart by one pattern.
 */
export type Topic =
  | { readonly kind: 'call'; readonly name: string; readonly operation: string }
  | { readonly kind: 'control'; readonly name: string };

/** One level, lower case, fit for the authority of a URI: signatures cover `mqtt://<root>`. */
export const rootForm = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;

const longestLevel = 256;

/** Why a text cannot be one level of a topic, or `undefined`. */
export function levelFault(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.length > longestLevel) return `has more than ${longestLevel} characters`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what no topic may hold (MQTT 5 section 1.5.4).
  if (/[+#/\u0000]/.test(text)) return 'has one of + # / or NUL, which divide topics';
  return undefined;
}

export const callTopic = (root: string, name: string, operation: string): string => `${root}/${name}/call/${operation}`;
export const replyTopic = (root: string, name: string, session: string): string => `${root}/${name}/reply/${session}`;
export const controlTopic = (root: string, name: string): string => `${root}/${name}/control`;

/** What a host listens to. */
export const hostFilters = (root: string): readonly string[] => [`${root}/+/call/+`, `${root}/+/control`];

/** @returns `undefined` for a topic that is none of those that a host listens to */
export function readTopic(root: string, topic: string): Topic | undefined {
  const [first, name, kind, operation, ...rest] = topic.split('/');
  if (first !== root || name === undefined || name === '' || rest.length > 0) return undefined;
  if (kind === 'control' && operation === undefined) return { kind, name };
  if (kind === 'call' && operation !== undefined && operation !== '') return { kind, name, operation };
  return undefined;
}

/** The session of a reply topic below a caller's own name; `undefined` for any other topic: nobody is answered there. */
export function sessionOf(root: string, name: string, topic: string): string | undefined {
  const prefix = replyTopic(root, name, '');
  if (!topic.startsWith(prefix)) return undefined;
  const session = topic.slice(prefix.length);
  return levelFault(session) === undefined ? session : undefined;
}
