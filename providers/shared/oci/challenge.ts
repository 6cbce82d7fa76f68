/** One challenge of WWW-Authenticate (RFC 9110 section 11.6.1): the schemes that registries use. */
export interface Challenge {
  readonly scheme: 'basic' | 'bearer';
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Schemes that are not known to us are left out. */
export function parseChallenges(field: string | string[] | undefined): Challenge[] {
  const found: { scheme: 'basic' | 'bearer'; parameters: Map<string, string> }[] = [];
  let current: Map<string, string> | undefined;
  const text = [field ?? []].flat().join(', ');
  // One pass: a scheme's name, or a parameter of the scheme before it; a quoted value is taken whole.
  for (const [, scheme, name, quoted, bare] of text.matchAll(
    /(?:^|[\s,])(?:([a-z][a-z0-9-]*)(?=\s|,|$)|([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",]*)))/gi,
  )) {
    if (scheme !== undefined) {
      const lower = scheme.toLowerCase();
      current = new Map();
      if (lower === 'basic' || lower === 'bearer') found.push({ scheme: lower, parameters: current });
    } else if (name !== undefined) {
      current?.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '');
    }
  }
  return found;
}
