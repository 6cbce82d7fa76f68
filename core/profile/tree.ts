/** A part of the source, in UTF-16 code units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface Placed {
  /** Where it stands in the file; for an alias, the alias. */
  readonly at: Span;
  /** Where its text is written; for an alias, at the anchor. */
  readonly written: Span;
}

export interface ScalarNode extends Placed {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** Whether it was written so that it can only be a string. */
  readonly quoted: boolean;
  /** Environment variables that its value was made of: such a value is never shown. */
  readonly variables: readonly string[];
  /** Its substitution failed, which has been reported: the value means nothing. */
  readonly failed: boolean;
}

export interface MapNode extends Placed {
  readonly kind: 'map';
  readonly pairs: readonly Pair[];
}

export interface ListNode extends Placed {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

export type Node = ScalarNode | MapNode | ListNode;

export interface Pair {
  readonly key: string;
  readonly keyAt: Span;
  readonly value: Node;
}

export type Path = readonly PropertyKey[];

/** The pair under a key of a mapping; `undefined` for anything else. */
export function pairOf(node: Node | undefined, key: PropertyKey): Pair | undefined {
  return node?.kind === 'map' ? node.pairs.find((pair) => pair.key === key) : undefined;
}

export function pairsOf(node: Node | undefined): readonly Pair[] {
  return node?.kind === 'map' ? node.pairs : [];
}

export function itemsOf(node: Node | undefined): readonly Node[] {
  return node?.kind === 'list' ? node.items : [];
}

/** A scalar's text; `undefined` for anything else and for one that failed. */
export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && !node.failed && typeof node.value === 'string' ? node.value : undefined;
}

export function isNothing(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null && !node.failed;
}

/** A path's node, or how far the file goes along the path. */
export interface Located {
  readonly node: Node;
  readonly found: boolean;
  /** The key under which `node` stands, if it stands under one. */
  readonly key?: Span;
}

export function locate(root: Node, path: Path): Located {
  let located: Located = { node: root, found: true };
  for (const step of path) {
    const pair = pairOf(located.node, step);
    const item = typeof step === 'number' ? itemsOf(located.node)[step] : undefined;
    if (pair) located = { node: pair.value, found: true, key: pair.keyAt };
    else if (item) located = { node: item, found: true };
    else return { ...located, found: false };
  }
  return located;
}

/** The plain value that a schema checks. Failed scalars are `undefined`. */
export function plainOf(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.failed ? undefined : node.value;
    case 'list':
      return node.items.map(plainOf);
    case 'map':
      // `fromEntries` defines own members, so that a key called `__proto__` is a key like any other.
      return Object.fromEntries(node.pairs.map(({ key, value }) => [key, plainOf(value)]));
  }
}

export function scalarsOf(node: Node): readonly ScalarNode[] {
  switch (node.kind) {
    case 'scalar':
      return [node];
    case 'list':
      return node.items.flatMap(scalarsOf);
    case 'map':
      return node.pairs.flatMap(({ value }) => scalarsOf(value));
  }
}

/** `vendors.device.serves[0]`; keys that are no plain words are quoted. */
export function dotted(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      const text = String(step);
      if (!/^[\w-]+$/.test(text)) return `[${JSON.stringify(text)}]`;
      return index === 0 ? text : `.${text}`;
    })
    .join('');
}
