/** What a caller would like, of what is heeded here (RFC 7240). */
export interface Preferences {
  /** `return=minimal`: how a change went, without what became of it. */
  readonly minimal: boolean;
  /** `wait`: seconds that the caller waits. */
  readonly wait: number | undefined;
}

const none: Preferences = Object.freeze({ minimal: false, wait: undefined });
/** Between commas, which may stand in quoted strings. */
const elements = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g;
const element = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"([^"\\]*)"|([\w-]+))\s*(?:;.*)?$/;

/** What cannot be understood is passed over, as RFC 7240 section 2 has it; of two with one name, the first counts. */
export function preferencesIn(field: string | undefined): Preferences {
  if (field === undefined) return none;
  const given = new Map<string, string>();
  for (const [text] of field.matchAll(elements)) {
    const [, name, quoted, token] = element.exec(text) ?? [];
    const key = name?.toLowerCase();
    if (key !== undefined && !given.has(key)) given.set(key, quoted ?? token ?? '');
  }
  const wait = given.get('wait') ?? '';
  return {
    minimal: given.get('return') === 'minimal',
    wait: /^[1-9]\d{0,5}$/.test(wait) ? Number(wait) : undefined,
  };
}
