import type { LineCounter } from 'yaml';
import type { PluginFaultCode } from '../plugin/plugin-fault.js';
import type { ViolationCode } from '../plugin/registry.js';
import { excerpt } from './excerpt.js';
import type { SubstitutionFault } from './substitute.js';
import { dotted, type Node, type Path, type ScalarNode, type Span, scalarsOf } from './tree.js';

/** What is wrong, for programs: stable from version to version. */
export type FaultCode =
  | 'unreadable-file'
  | 'yaml'
  | 'empty-file'
  | 'duplicate-key'
  | 'alias'
  | 'too-large'
  | SubstitutionFault['code']
  | PluginFaultCode
  | ViolationCode
  | 'unknown-key'
  | 'missing-key'
  | 'wrong-value'
  | 'duplicate-name'
  | 'unknown-type'
  | 'wrong-kind'
  | 'unknown-use'
  | 'unknown-entry'
  | 'wrong-use'
  | 'missing-provider'
  | 'ambiguous-use'
  | 'cycle'
  | 'nothing-to-do'
  | 'not-isolatable';

/** One mistake in a profile. */
export interface Fault {
  readonly code: FaultCode;
  /** As it was named to {@link loadProfile}. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** Dotted; empty for the whole file. */
  readonly path: string;
  /** What was expected and what was found; holds no secret and no value of an environment variable. */
  readonly message: string;
  readonly hint?: string;
  /** The source line and a caret below it, secrets masked. */
  readonly excerpt?: string;
}

/** Everything that is wrong with a profile, in the order of the file. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  constructor(
    readonly file: string,
    readonly faults: readonly Fault[],
  ) {
    super(`${file}: ${faults.map(({ line, column, message }) => `${line}:${column} ${message}`).join('; ')}`);
  }

  /** The text for a person. */
  report(): string {
    const count = this.faults.length === 1 ? '1 fault' : `${this.faults.length} faults`;
    return [`${this.file}: ${count}`, ...this.faults.map(describeFault)].join('\n\n');
  }
}

function describeFault({ code, file, line, column, path, message, hint, excerpt }: Fault): string {
  return [
    `${file}:${line}:${column}${path === '' ? '' : ` ${path}`} [${code}]`,
    `  ${message}`,
    ...(excerpt === undefined ? [] : [excerpt]),
    ...(hint === undefined ? [] : [`  hint: ${hint}`]),
  ].join('\n');
}

interface Finding {
  readonly code: FaultCode;
  readonly at: Span;
  readonly path: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Gathers the faults of one file, and what of the file must not be shown. */
export class FaultCollector {
  readonly #findings: Finding[] = [];
  readonly #hidden = new Set<ScalarNode>();
  readonly #masks: Span[] = [];

  constructor(
    readonly file: string,
    readonly source: string,
    private readonly lines: LineCounter,
  ) {}

  add(code: FaultCode, at: Span, path: Path, message: string, hint?: string): void {
    const known = this.#findings.some(
      (one) => one.code === code && one.at.start === at.start && one.message === message,
    );
    if (!known) this.#findings.push({ code, at, path: dotted(path), message, hint });
  }

  reported(code: FaultCode, at: Span): boolean {
    return this.#findings.some((one) => one.code === code && one.at.start === at.start);
  }

  get empty(): boolean {
    return this.#findings.length === 0;
  }

  /** Keeps everything below a node out of all texts: it is a secret, or may be one. */
  hide(node: Node): void {
    for (const scalar of scalarsOf(node)) {
      this.#hidden.add(scalar);
      this.#masks.push(scalar.written);
    }
  }

  /** Keeps a part of the source out of all excerpts. */
  mask(span: Span): void {
    this.#masks.push(span);
  }

  /** What stands in the file, in words. */
  describe(node: Node): string {
    if (node.kind !== 'scalar') return node.kind === 'map' ? 'a mapping' : 'a list';
    if (node.value === null) return 'nothing';
    const kind =
      typeof node.value === 'string' ? 'a string' : typeof node.value === 'number' ? 'a number' : 'a boolean';
    if (this.#hidden.has(node)) return `${kind} (not shown)`;
    if (node.variables.length > 0) return `${kind} from the environment (${node.variables.join(', ')})`;
    return shorten(JSON.stringify(node.value));
  }

  isHidden(node: Node): boolean {
    return node.kind === 'scalar' && this.#hidden.has(node);
  }

  /** Takes out of a text by somebody else what must not be shown. */
  redact(text: string, node: Node): string {
    return scalarsOf(node)
      .filter((scalar) => this.#hidden.has(scalar) || scalar.variables.length > 0)
      .map(({ value }) => String(value))
      .filter((value) => value !== '' && value !== 'null')
      .sort((a, b) => b.length - a.length)
      .reduce((redacted, value) => redacted.replaceAll(value, '***'), text);
  }

  line(offset: number): number {
    return this.lines.linePos(offset).line;
  }

  error(): ProfileError {
    const faults = [...this.#findings]
      .sort((a, b) => a.at.start - b.at.start)
      .map(({ code, at, path, message, hint }): Fault => {
        const { line, col: column } = this.source === '' ? { line: 1, col: 1 } : this.lines.linePos(at.start);
        const shown = excerpt(this.source, at, line, this.#masks);
        return {
          code,
          file: this.file,
          line,
          column,
          path,
          message,
          ...(hint !== undefined && { hint }),
          ...(shown !== undefined && { excerpt: shown }),
        };
      });
    return new ProfileError(this.file, faults);
  }
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 56)}..."` : text;
}
