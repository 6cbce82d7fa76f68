/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface SubstitutionFault {
  readonly code: 'malformed-substitution' | 'missing-variable';
  /** The faulty part of the text as written, to find its position; it may hold a secret and is never shown. */
  readonly raw: string;
  readonly message: string;
  readonly variable?: string;
}

export interface Substituted {
  readonly text: string;
  /** The variables that were asked for; empty when the text is its author's alone. */
  readonly variables: readonly string[];
  readonly faults: readonly SubstitutionFault[];
}

const token = /\$\$|\$\{([^}]*)(\}?)/g;
const expression = /^env:([A-Za-z_][A-Za-z0-9_]*(?:\|[A-Za-z_][A-Za-z0-9_]*)*)(?::-(.*))?$/s;

/**
 * Replaces `${env:NAME}` and `${env:NAME:-default}` by the variable's value and `$$` by `$`. As in a shell, the default
 * stands in for a variable that is unset or empty; of several (`${env:NAME|OTHER}`) the first counts that is neither.
 * What a variable holds is taken as it is and never looked into.
 */
export function substitute(text: string, environment: Environment): Substituted {
  const variables: string[] = [];
  const faults: SubstitutionFault[] = [];
  const replaced = text.replace(token, (raw: string, inner: string | undefined, close: string) => {
    if (inner === undefined) return '$';
    const [, named, preset] = (close && !inner.includes('${') && expression.exec(inner)) || [];
    if (named === undefined) {
      faults.push({ code: 'malformed-substitution', raw, message: complaint(inner, close !== '') });
      return '';
    }
    const names = named.split('|');
    variables.push(...names);
    // Own members only: a variable called `constructor` is not set because every object has one.
    const values = names.map((name) => (Object.hasOwn(environment, name) ? environment[name] : undefined));
    const value = values.find((one) => one) ?? values.find((one) => one !== undefined);
    if (preset !== undefined) return value || preset.replaceAll('$$', () => '$');
    if (value === undefined) {
      const [variable = named] = names;
      const message = `the environment variable ${names.join(' or ')} is not set and has no default`;
      faults.push({ code: 'missing-variable', raw, message, variable });
    }
    return value ?? '';
  });
  return { text: replaced, variables, faults };
}

function complaint(inner: string, closed: boolean): string {
  if (!closed) return `this "\${" is never closed by "}"; write "$$" for a plain "$"`;
  if (inner.includes('${')) return 'a substitution cannot stand within another one';
  const name = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)/.exec(inner)?.[1] ?? 'NAME';
  return `this is not a substitution: expected \${env:${name}} or \${env:${name}:-default}; write "$$" for a plain "$"`;
}
