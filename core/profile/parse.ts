import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  Scalar,
} from 'yaml';
import { didYouMean } from '../plugin/suggest.js';
import { tooDeepAt } from '../yaml/index.js';
import { FaultCollector } from './faults.js';
import { type Environment, substitute } from './substitute.js';
import { maskSuspects } from './suspects.js';
import { syntaxFaults } from './syntax.js';
import type { ListNode, MapNode, Node, Pair, Path, ScalarNode, Span } from './tree.js';

export interface Parsed {
  readonly faults: FaultCollector;
  /** Absent when the file could not be read as YAML: then there is nothing more to be said about it. */
  readonly root?: Node;
}

/** More values than any profile has: what an alias bomb would expand to. */
const mostNodes = 20_000;
const deepest = 64;

/** Reads YAML 1.2 (core schema), resolves aliases and substitutes environment variables in values. */
export function parse(file: string, text: string, environment: Environment): Parsed {
  const source = text.replace(/^\uFEFF/, '');
  const lineCounter = new LineCounter();
  const faults = new FaultCollector(file, source, lineCounter);
  const deep = tooDeepAt(source);
  if (deep !== undefined) {
    // Nobody has counted the lines yet: that is the parser's work, which must not begin.
    lineCounter.addNewLine(0);
    for (let end = source.indexOf('\n'); end >= 0; end = source.indexOf('\n', end + 1)) lineCounter.addNewLine(end + 1);
    faults.add('too-large', { start: deep, end: deep }, [], 'this is no profile: it is nested too deeply');
    return { faults };
  }
  const document = parseDocument(source, {
    lineCounter,
    version: '1.2',
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    // Found while the tree is built, where the path is known.
    uniqueKeys: false,
    prettyErrors: false,
    // 'silent' would let a second document pass.
    logLevel: 'error',
  });
  const problems = syntaxFaults(document, source, lineCounter);
  if (problems.length > 0) {
    maskSuspects(source, faults);
    for (const { code, at, message, hint } of problems) faults.add(code, at, [], message, hint);
    return { faults };
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    faults.add('empty-file', { start: 0, end: 0 }, [], 'the file is empty; a profile starts with "profile: <name>"');
    return { faults };
  }
  const reader = new TreeReader(document, source, environment, faults);
  const root = reader.read(document.contents, []);
  if (!reader.exhausted) return { faults, root };
  maskSuspects(source, faults);
  return { faults };
}

class TreeReader {
  #nodes = 0;
  #open = new Set<ParsedNode>();
  exhausted = false;

  constructor(
    private readonly document: Document.Parsed,
    private readonly source: string,
    private readonly environment: Environment,
    private readonly faults: FaultCollector,
  ) {}

  /** @param at where the node stands for a reader, when that is not where it is written */
  read(node: ParsedNode | null, path: Path, at?: Span): Node {
    const written = node ? this.#span(node) : (at ?? { start: 0, end: 0 });
    const place = { at: at ?? written, written };
    const nothing: ScalarNode = { ...place, kind: 'scalar', value: null, quoted: false, variables: [], failed: true };
    if (this.exhausted) return nothing;
    this.#nodes += 1;
    if (this.#nodes > mostNodes || path.length > deepest) {
      this.exhausted = true;
      const what = path.length > deepest ? `nested deeper than ${deepest} levels` : `more than ${mostNodes} values`;
      this.faults.add('too-large', place.at, [], `this is no profile: ${what}, aliases followed`);
      return nothing;
    }
    if (node === null) return { ...nothing, failed: false };
    if (isAlias(node)) {
      const target = node.resolve(this.document) as ParsedNode | undefined;
      if (target !== undefined && !this.#open.has(target)) return this.read(target, path, place.at);
      const reason = target ? 'stands within the value that it repeats' : 'repeats an anchor (&) that is not set above';
      this.faults.add('alias', place.at, path, `this alias (*) ${reason}`, 'text that starts with "*" needs quotes');
      return nothing;
    }
    if (!isCollection(node)) return this.#scalar(node, place, path);
    this.#open.add(node);
    const children = isMap(node)
      ? ({ ...place, kind: 'map', pairs: this.#pairs(node.items, path) } satisfies MapNode)
      : ({ ...place, kind: 'list', items: this.#items(node.items as ParsedNode[], path) } satisfies ListNode);
    this.#open.delete(node);
    return children;
  }

  #items(items: readonly ParsedNode[], path: Path): Node[] {
    return items.map((item, index) => this.read(item, [...path, index]));
  }

  #pairs(items: readonly { readonly key: ParsedNode; readonly value: ParsedNode | null }[], path: Path): Pair[] {
    const seen = new Map<string, Span>();
    return items.flatMap((item) => {
      const key = String(isScalar(item.key) ? item.key.value : item.key);
      const keyAt = this.#span(item.key);
      const first = seen.get(key);
      if (first) {
        const line = this.faults.line(first.start);
        this.#maskUnread(item.value);
        this.faults.add('duplicate-key', keyAt, [...path, key], `"${key}" is already on line ${line}`);
        return [];
      }
      seen.set(key, keyAt);
      if (key === '__proto__') {
        this.#maskUnread(item.value);
        // Schemas pass over it in silence, as assigning it could change an object's prototype.
        this.faults.add('unknown-key', keyAt, [...path, key], '"__proto__" cannot be a key');
        return [];
      }
      // A value that is not written at all is best shown at its key.
      const written = item.value !== null && !isAlias(item.value) && emptyAt(item.value) ? keyAt : undefined;
      return [{ key, keyAt, value: this.read(item.value, [...path, key], item.value === null ? keyAt : written) }];
    });
  }

  #scalar(node: ParsedNode, place: { at: Span; written: Span }, path: Path): ScalarNode {
    const scalar = node as Scalar.Parsed;
    const quoted = scalar.type !== Scalar.PLAIN;
    const plain = { ...place, kind: 'scalar', quoted, variables: [], failed: false } as const;
    const text = quoted ? String(scalar.value) : scalar.source;
    if (!text.includes('$')) return { ...plain, value: scalar.value as ScalarNode['value'] };
    const { text: replaced, variables, faults } = substitute(text, this.environment);
    let searched = place.written.start;
    for (const { code, raw, message, variable } of faults) {
      const index = this.source.indexOf(raw, searched);
      const inside = index !== -1 && index < place.written.end;
      const start = inside ? index : place.written.start;
      searched = inside ? index + raw.length : searched;
      const near = variable && didYouMean(variable, Object.keys(this.environment));
      this.faults.add(
        code,
        { start, end: inside ? start + raw.length : place.written.end },
        path,
        message,
        near ? `did you mean ${near}?` : undefined,
      );
    }
    const tagged = scalar.tag !== undefined;
    const value = quoted || tagged || variables.length === 0 ? replaced : resolvePlain(replaced, this.document);
    return { ...plain, value, variables, failed: faults.length > 0 };
  }

  /** No schema will ever look at it, so nothing says that it is fit to be seen. */
  #maskUnread(value: ParsedNode | null): void {
    if (value) this.faults.mask(this.#span(value));
  }

  #span(node: ParsedNode): Span {
    const [start, end] = node.range;
    return { start, end };
  }
}

function emptyAt(node: ParsedNode): boolean {
  return node.range[0] === node.range[1];
}

/** What YAML would have read had the text stood in the file: `8443` is a number, `true` a boolean, nothing is null. */
function resolvePlain(text: string, { schema }: Document.Parsed): ScalarNode['value'] {
  const tag = schema.tags.find((one) => one.default === true && 'test' in one && one.test?.test(text));
  if (!tag || !('resolve' in tag)) return text;
  const value: unknown = tag.resolve?.(text as never, () => undefined, {});
  const resolved = isScalar(value) ? value.value : value;
  return typeof resolved === 'number' || typeof resolved === 'boolean' || resolved === null ? resolved : text;
}
