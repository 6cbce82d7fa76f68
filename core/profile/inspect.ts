import type { z } from 'zod';
import { isSecret } from '../plugin/secret.js';
import { didYouMean } from '../plugin/suggest.js';
import type { FaultCollector } from './faults.js';
import { itemsOf, type MapNode, type Node, type Path, pairOf, pairsOf, textOf } from './tree.js';

/** What may stand at one place of a config, seen through optional, default, union and their like. */
interface Shape {
  readonly schema: z.core.$ZodTypes;
  readonly secret: boolean;
}

/**
 * Walks a config beside its schema: reports keys that the schema does not know (a plain `z.object` would drop them in
 * silence) and hides everything that is secret or that no schema says to be fit to be seen.
 */
export function inspect(schema: z.core.$ZodType, node: Node, path: Path, faults: FaultCollector): void {
  walk(shapesOf(schema, node), node, path, faults);
}

function walk(shapes: readonly Shape[], node: Node, path: Path, faults: FaultCollector): void {
  if (shapes.some(({ secret }) => secret)) {
    faults.hide(node);
  } else if (node.kind === 'list') {
    for (const [index, item] of itemsOf(node).entries()) {
      const children = shapes.flatMap(({ schema }) => elementsOf(schema, index, item));
      if (children.length > 0) walk(children, item, [...path, index], faults);
      else if (!shapes.some(isOpen)) faults.hide(item);
    }
  } else if (node.kind === 'map') {
    walkMap(shapes, node, path, faults);
  }
}

function walkMap(shapes: readonly Shape[], node: MapNode, path: Path, faults: FaultCollector): void {
  const known = shapes.flatMap(({ schema }) => (schema._zod.def.type === 'object' ? keysOf(schema._zod.def) : []));
  const expectsMap = shapes.some(({ schema }) => schema._zod.def.type === 'object');
  for (const { key, keyAt, value } of pairsOf(node)) {
    const children = shapes.flatMap(({ schema }) => membersOf(schema, key, value));
    if (children.length > 0) {
      walk(children, value, [...path, key], faults);
    } else if (!shapes.some(isOpen)) {
      faults.hide(value);
      if (expectsMap) reportUnknown(key, known, node, (hint) => unknownKey(faults, keyAt, [...path, key], key, hint));
    }
  }
}

function reportUnknown(key: string, known: readonly string[], node: MapNode, report: (hint: string) => void): void {
  const free = known.filter((one) => pairOf(node, one) === undefined);
  const near = didYouMean(key, free);
  const taken = didYouMean(key, known);
  const list = known.length > 0 ? `known here: ${[...new Set(known)].join(', ')}` : 'nothing can be set here';
  if (near !== undefined) report(`did you mean "${near}"?`);
  else report(taken === undefined ? list : `did you mean "${taken}"? It is set already`);
}

function unknownKey(faults: FaultCollector, at: { start: number; end: number }, path: Path, key: string, hint: string) {
  faults.add('unknown-key', at, path, `unknown key "${key}"`, hint);
}

/** The schemas behind wrappers, and of a union those that may be meant. */
function shapesOf(outer: z.core.$ZodType, node: Node, secret = false, depth = 0): readonly Shape[] {
  const schema = outer as z.core.$ZodTypes;
  const hidden = secret || ('meta' in outer && isSecret(outer as z.ZodType));
  const inner = (next: z.core.$ZodType) => (depth > 32 ? [] : shapesOf(next, node, hidden, depth + 1));
  const def = schema._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'catch':
    case 'readonly':
    case 'success':
    case 'promise':
      return inner(def.innerType);
    case 'lazy':
      return inner(def.getter());
    case 'pipe':
      // After a transform that comes first (z.preprocess) nobody can say what the file may hold; secrets still are.
      return (def.in as z.core.$ZodTypes)._zod.def.type === 'transform'
        ? [{ schema, secret: inner(def.out).some((shape) => shape.secret) }]
        : inner(def.in);
    case 'union':
      return chosen(def, node).flatMap(inner);
    case 'intersection':
      return [...inner(def.left), ...inner(def.right)];
    default:
      return [{ schema, secret: hidden }];
  }
}

/** Of a discriminated union the option that the file names, if it does; all options otherwise. */
function chosen(def: z.core.$ZodUnionDef, node: Node): readonly z.core.$ZodType[] {
  const key = 'discriminator' in def ? String(def.discriminator) : undefined;
  const value = key === undefined ? undefined : textOf(pairOf(node, key)?.value);
  if (key === undefined || value === undefined) return def.options;
  const named = def.options.filter((option) => option._zod.propValues?.[key]?.has(value));
  return named.length > 0 ? named : def.options;
}

function isOpen({ schema }: Shape): boolean {
  const def = schema._zod.def;
  return (
    ['any', 'unknown', 'custom', 'transform', 'pipe', 'map', 'set'].includes(def.type) ||
    (def.type === 'object' && def.catchall !== undefined && !isNever(def.catchall))
  );
}

function isNever(schema: z.core.$ZodType): boolean {
  return (schema as z.core.$ZodTypes)._zod.def.type === 'never';
}

function keysOf(def: z.core.$ZodObjectDef): string[] {
  return Object.keys(def.shape);
}

function membersOf(schema: z.core.$ZodTypes, key: string, value: Node): readonly Shape[] {
  const def = schema._zod.def;
  if (def.type === 'record') return shapesOf(def.valueType, value);
  if (def.type !== 'object') return [];
  const member = Object.hasOwn(def.shape, key) ? def.shape[key] : undefined;
  if (member) return shapesOf(member, value);
  return def.catchall && !isNever(def.catchall) ? shapesOf(def.catchall, value) : [];
}

function elementsOf(schema: z.core.$ZodTypes, index: number, item: Node): readonly Shape[] {
  const def = schema._zod.def;
  if (def.type === 'array') return shapesOf(def.element, item);
  if (def.type !== 'tuple') return [];
  const element = def.items[index] ?? def.rest;
  return element ? shapesOf(element, item) : [];
}
