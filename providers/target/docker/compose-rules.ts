import { isAbsolute, relative } from 'node:path';
import { fields, inside, list, text } from './compose-model.js';
import type { Permission, Say } from './permissions.js';

/** What Compose itself has put where the file says nothing; only with it a model holds no more to interpolate. */
export interface Resolved {
  readonly project: string;
  /** Absolute, without a link in it as Compose was told of it: paths in the model begin with it. */
  readonly directory: string;
}

/** What rules may know beside the value that they judge. */
export interface Scope {
  readonly say: Say;
  /** `undefined` for the file as written. */
  readonly resolved: Resolved | undefined;
  /** Names of the component's own services. */
  readonly services: ReadonlySet<string>;
}

/** Judges one value of a compose file. */
export type Rule = (value: unknown, path: string, scope: Scope) => void;

export const anything: Rule = () => undefined;

/** A mapping with these keys and no others; extensions (`x-…`) are ignored, as Compose does. */
export function only(keys: Readonly<Record<string, Rule>>): Rule {
  const rules = new Map(Object.entries(keys));
  return (value, path, scope) => {
    if (value === undefined || value === null) return;
    const at = fields(value);
    if (at === undefined) return scope.say(path, 'must be a mapping');
    for (const [key, held] of Object.entries(at)) {
      if (key.startsWith('x-')) continue;
      const place = path === '' ? key : `${path}.${key}`;
      const rule = rules.get(key);
      if (rule) rule(held, place, scope);
      else scope.say(place, 'is unknown, or nothing that a component may have');
    }
  };
}

/** A mapping from names that the author chose; among them a name with `x-` is one like any other. */
export function named(rule: (name: string) => Rule): Rule {
  return (value, path, scope) => {
    if (value === undefined || value === null) return;
    const at = fields(value);
    if (at === undefined) return scope.say(path, 'must be a mapping');
    for (const [name, held] of Object.entries(at)) rule(name)(held, `${path}.${name}`, scope);
  };
}

/** A list, or one value in its place. */
export function each(rule: Rule): Rule {
  return (value, path, scope) => {
    list(value).forEach((held, index) => {
      rule(held, Array.isArray(value) ? `${path}[${index}]` : path, scope);
    });
  };
}

/** Names in a list, or with a mapping of each. */
export function listOrNamed(rule: Rule): Rule {
  return (value, path, scope) => {
    if (fields(value)) named(() => rule)(value, path, scope);
  };
}

/** A text that says all, or a mapping. */
export function textOr(rule: Rule): Rule {
  return (value, path, scope) => {
    if (typeof value !== 'string') rule(value, path, scope);
  };
}

/** Nothing at all, or what says the same. */
export function absent(fault: string, permission?: Permission): Rule {
  return (value, path, { say }) => {
    if (present(value)) say(path, fault, permission);
  };
}

/** One of these texts; what is still to be interpolated is judged in the resolved model. */
export function oneOf(allowed: (value: string, scope: Scope) => boolean, fault: string, permission?: Permission): Rule {
  return (value, path, scope) => {
    if (value === undefined || value === null || pending(value, scope)) return;
    const said = text(value);
    if (said === undefined || !allowed(said, scope)) scope.say(path, `${fault} (${String(value)})`, permission);
  };
}

/** A switch that must be off. */
export function off(fault: string, permission?: Permission): Rule {
  return (value, path, scope) => {
    if (value === undefined || value === null || value === false || pending(value, scope)) return;
    scope.say(path, fault, permission);
  };
}

/** A file of the archive. */
export const fileInside: Rule = (value, path, { say, resolved }) => {
  const below =
    resolved && typeof value === 'string' && isAbsolute(value) ? relative(resolved.directory, value) : value;
  if (!inside(below)) say(path, `${String(value)} must be a relative path in the archive`);
};

/** Still to be interpolated: judged in the resolved model, in which every `$` is one. */
export function pending(value: unknown, { resolved }: Scope): boolean {
  return resolved === undefined && typeof value === 'string' && value.includes('$');
}

/** What Compose calls a network or volume of the project's own. */
export function ownName(key: string, fault: string, permission: Permission): Rule {
  return oneOf(
    (name, { resolved }) => resolved !== undefined && name === `${resolved.project}_${key}`,
    fault,
    permission,
  );
}

function present(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return Array.isArray(value) ? value.length > 0 : true;
}
