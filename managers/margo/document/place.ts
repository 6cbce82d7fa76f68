import { closest, distance } from 'fastest-levenshtein';
import type { Json } from '../../../core/ports/index.js';
import type { Finding } from '../finding.js';
import { join, type Position, type YamlDocument } from './yaml.js';

/** Collects what is wrong while a document is read to its end, so that its author hears of everything at once. */
export class Report {
  readonly faults: Finding[] = [];
  readonly warnings: Finding[] = [];
}

type JsonRecord = Readonly<Record<string, Json | undefined>>;

/** A value in a document together with where it stands: reads it tolerantly and reports what was tolerated. */
export class Place {
  constructor(
    private readonly document: YamlDocument,
    private readonly report: Report,
    readonly path: string,
    readonly value: Json | undefined,
    private readonly above?: Place,
  ) {}

  static root(document: YamlDocument, report: Report): Place {
    return new Place(document, report, '', document.value);
  }

  /** `key:` with nothing behind it counts as left out. */
  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  fault(code: string, message: string): undefined {
    this.report.faults.push({ path: this.path, ...this.position(), code, message });
  }

  warn(code: string, message: string): undefined {
    this.report.warnings.push({ path: this.path, ...this.position(), code, message });
  }

  /** Of this value; when nothing stands here, of the nearest thing above. */
  private position(): Position {
    return this.document.position(this.path) ?? this.above?.position() ?? { line: 1, column: 1 };
  }

  /** Says that something is left out here. */
  missing(as: 'fault' | 'warn', message = 'is missing'): undefined {
    this[as]('missing', message);
  }

  at(key: string): Place {
    return new Place(this.document, this.report, join(this.path, key), this.record()?.[key], this);
  }

  keys(): string[] {
    return Object.keys(this.record() ?? {});
  }

  /** Whether it is an object; reports when something else stands here. */
  object(): boolean {
    if (!this.present) return false;
    if (this.record()) return true;
    this.fault('wrong-type', `must be an object, not ${named(this.value)}`);
    return false;
  }

  /** Like {@link object} for something that must not be left out. */
  element(): boolean {
    if (!this.present) this.missing('fault');
    return this.object();
  }

  /** The places in a list; none when there is no list. */
  items(): Place[] {
    if (!this.present) return [];
    if (Array.isArray(this.value))
      return this.value.map(
        (value: Json, index) => new Place(this.document, this.report, `${this.path}[${index}]`, value, this),
      );
    this.fault('wrong-type', `must be a list, not ${named(this.value)}`);
    return [];
  }

  /** Text. A number or boolean that should have been quoted is taken as it was written. */
  text(as: 'fault' | 'warn' = 'fault'): string | undefined {
    const { value } = this;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') {
      const source = this.document.source(this.path) ?? String(value);
      this.warn('not-quoted', `is read as the text "${source}"; write it in quotes`);
      return source;
    }
    if (this.present) this[as]('wrong-type', `must be text, not ${named(value)}`);
    return undefined;
  }

  /** Text as it was written, whatever YAML takes it for; without any finding. */
  written(): string | undefined {
    return typeof this.value === 'string' ? this.value : this.document.source(this.path);
  }

  boolean(as: 'fault' | 'warn' = 'fault'): boolean | undefined {
    const { value } = this;
    if (typeof value === 'boolean' || !this.present) return value === null ? undefined : (value as boolean | undefined);
    if (value === 'true' || value === 'false') {
      this.warn('quoted', `is text; write ${value} without quotes`);
      return value === 'true';
    }
    this[as]('wrong-type', `must be true or false, not ${named(value)}`);
    return undefined;
  }

  number(as: 'fault' | 'warn' = 'fault'): number | undefined {
    const { value } = this;
    if (typeof value === 'number') return value;
    if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) {
      this.warn('quoted', `is text; write ${value} without quotes`);
      return Number(value);
    }
    if (this.present) this[as]('wrong-type', `must be a number, not ${named(value)}`);
    return undefined;
  }

  /** Warns of keys that are none of `known`; vendor extensions are let be. */
  only(known: readonly string[]): void {
    for (const key of this.keys()) {
      if (known.includes(key) || isExtension(key)) continue;
      const path = join(this.path, key);
      const message = `is not known here and is ignored${didYouMean(key, known)}`;
      this.report.warnings.push({ path, ...this.document.keyPosition(path), code: 'unknown-key', message });
    }
  }

  /** `x-<name>-extensions` (and any other `x-`) of this place, verbatim. */
  extensions(): Readonly<Record<string, Json>> {
    const members = Object.entries(this.record() ?? {});
    return Object.fromEntries(members.filter((member): member is [string, Json] => isExtension(member[0])));
  }

  private record(): JsonRecord | undefined {
    const { value } = this;
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonRecord) : undefined;
  }
}

function isExtension(key: string): boolean {
  return key.startsWith('x-');
}

/** `; did you mean "port"?` when one of `known` is close to `name`, else nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const best = closest(name, known);
  return distance(name, best) <= Math.max(1, Math.floor(name.length / 3)) ? `; did you mean "${best}"?` : '';
}

export function named(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value)}`;
  return String(value);
}
