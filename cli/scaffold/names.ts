import { isBuiltin } from 'node:module';
import type { ScaffoldKind } from './kinds.js';

/** What a new package and the things in it are called. */
export interface Names {
  /** As npm knows it, with its scope. */
  readonly package: string;
  /** What follows the slot in its types, and its entry's name in its profile. */
  readonly short: string;
  /** Where it is written, unless told. */
  readonly folder: string;
}

const scopeForm = /^@[a-z0-9][a-z0-9._-]*$/;
const nameForm = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** npm's limit for a package is 214, a profile's for an entry 63. */
const longest = { package: 214, short: 63 };

/**
 * Names that npm, a type and an entry of a profile all accept: `my-target`, `@plant-a/my-target`. Of
 * `tutti-target-press` and `target-press` the type is `target.press`.
 *
 * @returns what is wrong with the name as a sentence, where something is
 */
export function namesOf(kind: ScaffoldKind, written: string): Names | string {
  const [, scope, name = ''] = /^(?:(@[^/]*)\/)?(.*)$/.exec(written) ?? [];
  if (scope !== undefined && !scopeForm.test(scope)) {
    return `"${scope}" is not a scope: expected "@" and lower-case letters, digits, "-", "_" and "."`;
  }
  if (!nameForm.test(name)) {
    return `"${name}" is not a name: expected lower-case letters, digits and single "-" between them, a letter first`;
  }
  if (written.length > longest.package) return `a package's name may have at most ${longest.package} characters`;
  if (name === 'tutti' || (scope === undefined && isBuiltin(name))) {
    return `"${name}" is taken: a package of this name would never be found`;
  }
  const [, rest = ''] = new RegExp(`^(?:tutti-)?${kind}-(.*)$`).exec(name) ?? [];
  const short = /^[a-z]/.test(rest) ? rest : name;
  if (short.length > longest.short) return `"${short}" is too long: at most ${longest.short} characters`;
  return { package: written, short, folder: name };
}
