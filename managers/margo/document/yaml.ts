import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Json } from '../../../core/ports/index.js';
import { tooDeepAt } from '../../../core/yaml/index.js';
import type { Finding } from '../finding.js';

/** More than any description or deployment needs, and little enough to be read at once. */
export const documentLimit = 512 * 1024;

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML document as JSON that still knows where everything was written. */
export interface YamlDocument {
  readonly value: Json;
  /** Of the value at a path; `undefined` when nothing stands there. */
  position(path: string): Position | undefined;
  /** Of the key at a path. */
  keyPosition(path: string): Position | undefined;
  /** How a plain scalar was written: `1.10`, whose value is the number 1.1. */
  source(path: string): string | undefined;
}

export type YamlReading =
  | { readonly document: YamlDocument; readonly faults?: never }
  | { readonly document?: never; readonly faults: readonly Finding[] };

/** Reads one YAML 1.2 document of plain JSON values. Aliases are refused: they make bombs and nothing here needs them. */
export function readYaml(input: string | Uint8Array): YamlReading {
  if (Buffer.byteLength(input) > documentLimit)
    return failed('too-large', `is larger than ${documentLimit} bytes, the most that is read`);
  const text = typeof input === 'string' ? input : decode(input);
  if (text === undefined) return failed('not-utf-8', 'is not UTF-8 text');
  return tooDeepAt(text) !== undefined ? failed('too-deep', 'is nested too deeply') : readText(text);
}

function readText(text: string): YamlReading {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faults: Finding[] = [...yaml.errors, ...yaml.warnings].map((error) => ({
    path: '',
    ...at(error.pos[0]),
    code: error.code === 'DUPLICATE_KEY' ? 'duplicate-key' : 'unreadable',
    message: error.message,
  }));
  visit(yaml, {
    Alias: (_key, alias) => {
      faults.push({
        path: '',
        ...at(alias.range?.[0] ?? 0),
        code: 'alias',
        message: `the alias *${alias.source} is not allowed`,
      });
    },
  });
  // One slip can break everything behind it; nobody reads the whole of that.
  if (faults.length > 0) return { faults: faults.slice(0, 20) };
  const index = new Index(at);
  const value = index.read(yaml.contents, '');
  return index.faults.length > 0 ? { faults: index.faults } : { document: index.document(value) };
}

class Index {
  readonly faults: Finding[] = [];
  private readonly values = new Map<string, Position>();
  private readonly keys = new Map<string, Position>();
  private readonly sources = new Map<string, string>();
  constructor(private readonly at: (offset: number) => Position) {}

  read(node: unknown, path: string): Json {
    const position = this.at((node as Node | null)?.range?.[0] ?? 0);
    this.values.set(path, position);
    if (isMap(node)) return Object.fromEntries(node.items.map((pair) => this.member(pair, path)));
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, `${path}[${index}]`));
    if (isScalar(node)) {
      if (node.source !== undefined) this.sources.set(path, node.source);
      const { value } = node;
      if (value === null || value === undefined) return null;
      if (typeof value === 'string' || typeof value === 'boolean') return value;
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      this.faults.push({ path, ...position, code: 'not-json', message: `${node.source ?? 'this'} is no JSON value` });
      return null;
    }
    if (node === null || node === undefined || isAlias(node)) return null;
    this.faults.push({ path, ...position, code: 'unreadable', message: 'is no value' });
    return null;
  }

  private member(pair: unknown, path: string): [string, Json] {
    const key = isPair(pair) && isScalar(pair.key) ? pair.key : undefined;
    if (!isPair(pair) || key === undefined || key.value === null) {
      this.faults.push({ path, ...this.values.get(path), code: 'unreadable', message: 'has a key that is no text' });
      return ['', null];
    }
    const name = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
    const below = join(path, name);
    const position = this.at(key.range?.[0] ?? 0);
    this.keys.set(below, position);
    const value = this.read(pair.value, below);
    // Nothing was written as the value: the key is the place to look at.
    if (value === null) this.values.set(below, position);
    return [name, value];
  }

  document(value: Json): YamlDocument {
    return {
      value,
      position: (path) => this.values.get(path),
      keyPosition: (path) => this.keys.get(path),
      source: (path) => this.sources.get(path),
    };
  }
}

/** `a.b` below `a`; names that are no words are quoted: `a["b.c"]`. */
export function join(path: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function failed(code: string, message: string): YamlReading {
  return { faults: [{ path: '', line: 1, column: 1, code, message }] };
}
