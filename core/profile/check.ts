import type { z } from 'zod';
import { expectation } from '../operation/wording.js';
import { bounded, defaultLimit, Overdue } from '../plugin/bounded.js';
import { didYouMean } from '../plugin/suggest.js';
import { readable, reasonOf } from '../plugin/thrown.js';
import type { FaultCollector } from './faults.js';
import { inspect } from './inspect.js';
import { locate, type Node, type Path, plainOf, type ScalarNode, type Span, scalarsOf } from './tree.js';

/** A part of the file that one schema checks. */
export interface Subject {
  /** `undefined` when the file leaves it out: then an empty mapping is checked. */
  readonly node: Node | undefined;
  readonly path: Path;
  /** Where to point for what is missing at the top of it. */
  readonly key: Span;
}

/**
 * Checks a part of the file strictly, reports all that is wrong with it, and gives what the schema made of it.
 *
 * @param limit milliseconds that the schema may take: it may be a plugin's, and wait for what never comes
 */
export async function check<S extends z.ZodType>(
  schema: S,
  subject: Subject,
  faults: FaultCollector,
  limit: number = defaultLimit,
): Promise<z.output<S> | undefined> {
  const { key: at } = subject;
  const node: Node = subject.node ?? { kind: 'map', pairs: [], at, written: { start: at.start, end: at.start } };
  const ours = new Set<string>();
  const error = (issue: z.core.$ZodRawIssue): string | undefined => {
    const text = expectation(issue);
    if (text !== undefined) ours.add(text);
    return text;
  };
  try {
    inspect(schema, node, subject.path, faults);
    const place = subject.path.length === 0 ? 'the profile' : subject.path.join('.');
    const result = await bounded(`checking ${place}`, limit, () =>
      schema.safeParseAsync(plainOf(node), { error, reportInput: false }),
    );
    if (result.success) return result.data;
    const reporter = new IssueReporter({ ...subject, node }, ours, faults);
    for (const issue of result.error.issues) reporter.report(issue);
  } catch (thrown) {
    const cause = readable(thrown);
    const reason = cause instanceof Overdue ? `it took longer than ${limit} ms` : faults.redact(reasonOf(cause), node);
    faults.add('wrong-value', at, subject.path, `the check of this config failed itself: ${reason}`);
  }
  return undefined;
}

class IssueReporter {
  constructor(
    private readonly subject: Subject & { readonly node: Node },
    private readonly ours: ReadonlySet<string>,
    private readonly faults: FaultCollector,
  ) {}

  report(issue: z.core.$ZodIssue, above: Path = []): void {
    const path = [...above, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.#unknownKey([...path, key], key);
    } else if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      this.#union(issue, path);
    } else if (issue.code === 'invalid_key') {
      this.#key(issue, path);
    } else if (issue.code === 'invalid_element') {
      for (const nested of issue.issues) this.report(nested, path);
    } else {
      this.#value(issue.message, path);
    }
  }

  /** Of options that differ by their kind, all; otherwise the faults of the option that came closest. */
  #union({ errors, message }: z.core.$ZodIssueInvalidUnion, path: Path): void {
    const kinds = errors.flatMap((issues) =>
      issues.length === 1 && issues[0]?.code === 'invalid_type' && issues[0].path.length === 0
        ? [issues[0].message]
        : [],
    );
    if (kinds.length === errors.length) {
      this.#value(`expected ${[...new Set(kinds)].map((kind) => kind.replace(/^expected /, '')).join(' or ')}`, path);
      return;
    }
    const atRoot = (issues: z.core.$ZodIssue[], wanted: string): boolean =>
      issues.some(({ code, path: at }) => code === wanted && at.length === 0);
    const [closest] = errors
      .filter((issues) => !atRoot(issues, 'invalid_type'))
      // A value that is of another kind altogether says less than one that is wrong within.
      .sort((a, b) => Number(atRoot(a, 'invalid_value')) - Number(atRoot(b, 'invalid_value')) || a.length - b.length);
    if (closest) for (const issue of closest) this.report(issue, path);
    else this.#value(message, path);
  }

  #key(issue: z.core.$ZodIssueInvalidKey, path: Path): void {
    const { key, node } = locate(this.subject.node, path);
    const name = String(path.at(-1));
    const reason = issue.issues.map(({ message }) => message).join(', ');
    this.faults.add('wrong-value', key ?? node.at, [...this.subject.path, ...path], `"${name}": ${reason}`);
  }

  #unknownKey(path: Path, key: string): void {
    const located = locate(this.subject.node, path);
    const at = located.key ?? located.node.at;
    // Reported by `inspect`, with a hint, unless the schema is strict in a way that cannot be seen from outside.
    if (!this.faults.reported('unknown-key', at)) {
      this.faults.add('unknown-key', at, [...this.subject.path, ...path], `unknown key "${key}"`);
    }
  }

  #value(message: string, path: Path): void {
    const { node, found, key } = locate(this.subject.node, path);
    const full = [...this.subject.path, ...path];
    const text = this.ours.has(message) ? message : this.faults.redact(message, this.subject.node);
    if (!found) {
      const missing = path.at(-1);
      const at = key ?? (path.length === 1 ? this.subject.key : node.at);
      if (missing !== undefined) this.faults.add('missing-key', at, full, `"${String(missing)}" is missing: ${text}`);
      return;
    }
    // Faults that follow from a substitution that failed have been told.
    if (scalarsOf(node).some(({ failed }) => failed)) return;
    const at = path.length === 0 ? this.subject.key : node.at;
    const hint = node.kind === 'scalar' ? this.#hint(text, node) : undefined;
    this.faults.add('wrong-value', at, full, `${text}, found ${this.faults.describe(node)}`, hint);
  }

  #hint(message: string, node: ScalarNode): string | undefined {
    const { value, quoted, variables } = node;
    if (message.startsWith('expected a string') && typeof value !== 'string' && value !== null) {
      return variables.length > 0 ? 'put the substitution in quotes' : 'put the value in quotes';
    }
    const literal = typeof value === 'string' && quoted && /^(true|false|[-+]?[0-9.]+)$/.test(value);
    if (literal && /^expected (a (whole )?number|true or false)/.test(message)) return 'take the quotes away';
    if (/^(yes|no|on|off)$/i.test(String(value)) && message === 'expected true or false') return 'write true or false';
    if (typeof value !== 'string' || this.faults.isHidden(node) || !message.startsWith('expected one of'))
      return undefined;
    const near = didYouMean(
      value,
      [...message.matchAll(/"([^"]*)"/g)].map(([, option]) => option ?? ''),
    );
    return near === undefined ? undefined : `did you mean "${near}"?`;
  }
}
