import { type Json, TargetFault } from '../../../../core/plugin/index.js';
import { formatPointer, parsePointer, type Step } from './pointer.js';

export type Values = { readonly [name: string]: Json | undefined };

/** A value that was set, or what is known of the members or elements of something. */
type Node =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'map'; readonly members: Map<string, Node> }
  | { readonly kind: 'list'; readonly elements: Map<number, Node> };

/**
 * The values of a chart from its parameters: each pointer's value at its place, of the type that it has. Elements of a
 * list that nobody sets are null, as with `--set`. The order of the pointers means nothing.
 *
 * @throws TargetFault `invalid` when a pointer is no values path, or two of them want the same place
 */
export function valuesOf(parameters: Readonly<Record<string, Json>>): Values {
  const root: Node = { kind: 'map', members: new Map() };
  // In order, so that the same parameters are refused with the same words.
  for (const pointer of Object.keys(parameters).sort()) {
    const steps = parsePointer(pointer);
    if (steps === undefined) throw invalid(`parameter pointer ${pointer} is no values path such as image.tag`);
    put(root, steps, parameters[pointer] ?? null, 0);
  }
  return plain(root) as Values;
}

function put(parent: Node, steps: readonly Step[], value: Json, depth: number): void {
  const step = steps[depth];
  const here = formatPointer(steps.slice(0, depth + 1));
  if (parent.kind === 'value' || step === undefined) throw conflict(formatPointer(steps.slice(0, depth)), steps);
  const children: Map<Step, Node> = parent.kind === 'map' ? parent.members : parent.elements;
  if ((typeof step === 'number') !== (parent.kind === 'list')) {
    throw invalid(`parameters take ${formatPointer(steps.slice(0, depth))} for a list and for a map at the same time`);
  }
  const present = children.get(step);
  if (depth === steps.length - 1) {
    if (present !== undefined) throw conflict(here, steps);
    children.set(step, { kind: 'value', value });
    return;
  }
  let next = present;
  if (next === undefined) {
    next =
      typeof steps[depth + 1] === 'number'
        ? { kind: 'list', elements: new Map() }
        : { kind: 'map', members: new Map() };
    children.set(step, next);
  }
  put(next, steps, value, depth + 1);
}

function plain(node: Node): Json {
  if (node.kind === 'value') return node.value;
  // From entries, so that a member named __proto__ is a member like others.
  if (node.kind === 'map') return Object.fromEntries([...node.members].map(([name, child]) => [name, plain(child)]));
  const length = Math.max(...node.elements.keys()) + 1;
  return Array.from({ length }, (_, index) => {
    const element = node.elements.get(index);
    return element === undefined ? null : plain(element);
  });
}

function conflict(place: string, steps: readonly Step[]): TargetFault {
  const pointer = formatPointer(steps);
  return pointer === place
    ? invalid(`parameters set ${place} twice, or something inside of it as well; set one of them`)
    : invalid(`parameters set ${place}, and ${pointer} inside of it; set one of them`);
}

function invalid(message: string): TargetFault {
  return new TargetFault('invalid', message, false);
}

/** What comes from us rather than from the deployment: at one place of the values, added to what is there. */
export interface Addition {
  /** As a parameter's pointer. */
  readonly pointer: string;
  /** Members that are added to a map, or elements that are put after those of a list. */
  readonly value: readonly Json[] | Values;
}

/**
 * Values with additions. What the deployment says stays: members of the same name, and elements with the same `name`, are
 * not added; where it has something of another form, the addition is left out.
 */
export function withAdditions(values: Values, additions: readonly Addition[]): Values {
  return additions.reduce<Values>((result, { pointer, value }) => {
    const steps = parsePointer(pointer);
    return steps === undefined ? result : (added(result, steps, value) as Values);
  }, values);
}

function added(at: Json | undefined, steps: readonly Step[], value: Addition['value']): Json {
  const [step, ...rest] = steps;
  if (step === undefined) return joined(at, value);
  if (typeof step === 'number') {
    if (at !== undefined && !isList(at)) return at;
    const list = at ?? [];
    const length = Math.max(list.length, step + 1);
    return Array.from({ length }, (_, index) =>
      index === step ? added(list[index], rest, value) : (list[index] ?? null),
    );
  }
  if (at !== undefined && !isMap(at)) return at;
  const entries = Object.entries(at ?? {}).filter(([name]) => name !== step);
  const inner = at !== undefined && Object.hasOwn(at, step) ? at[step] : undefined;
  return Object.fromEntries([...entries, [step, added(inner, rest, value)]]);
}

function joined(present: Json | undefined, value: Addition['value']): Json {
  if (present === undefined) return value as Json;
  if (isList(value)) {
    if (!isList(present)) return present;
    const taken = new Set<Json | undefined>(
      present.map((element) => nameOf(element)).filter((name) => name !== undefined),
    );
    return [...present, ...value.filter((element) => !taken.has(nameOf(element)))];
  }
  if (!isMap(present)) return present;
  return Object.fromEntries([
    ...Object.entries(value).filter(([name]) => !Object.hasOwn(present, name)),
    ...Object.entries(present),
  ]);
}

function nameOf(element: Json | undefined): Json | undefined {
  return isMap(element) && Object.hasOwn(element, 'name') ? element['name'] : undefined;
}

function isMap(value: Json | undefined): value is Values {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Those values that others do not decide where they are laid over them: maps become one, all else is replaced. */
export function besides(values: Values, others: Values): Values {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      if (!Object.hasOwn(others, name)) return [[name, value]];
      const other = others[name];
      return isMap(value) && isMap(other) ? [[name, besides(value, other)]] : [];
    }),
  );
}

/** Whether everything in `part` is in `whole` as well: maps may have more members there, all else is the same. */
export function covers(whole: Json | undefined, part: Json | undefined): boolean {
  if (part === undefined) return true;
  if (whole === undefined) return false;
  if (isMap(part)) {
    if (!isMap(whole)) return false;
    return Object.entries(part).every(([name, value]) =>
      // Helm takes a null for the absence of what the chart has, and does not keep it.
      Object.hasOwn(whole, name) ? covers(whole[name], value) : value === null,
    );
  }
  if (isList(part)) {
    return isList(whole) && whole.length === part.length && part.every((value, at) => covers(whole[at], value));
  }
  return whole === part;
}
