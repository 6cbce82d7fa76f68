import { didYouMean } from '../../core/plugin/suggest.js';
import { type CommandFailure, invalid } from '../failure.js';

type Schema = Readonly<Record<string, unknown>>;
type Input = Record<string, unknown>;

/**
 * Adds `name=value` words to an input. A name may be dotted, for what is in an object; a word that is there again adds to
 * a list. Values are read as the operation's JSON Schema has them: `7` is a text where a text is wanted.
 *
 * @throws CommandFailure for a word that is none
 */
export function withFields(input: Readonly<Input>, words: readonly string[], schema: Schema): Input {
  const result = structuredClone(input) as Input;
  for (const word of words) {
    const [, path, text = ''] = /^([^=\s]+)=(.*)$/s.exec(word) ?? [];
    if (path === undefined) throw invalid(`"${word}" is no field of the input`, 'write NAME=VALUE, or --input JSON');
    set(result, path.split('.'), text, schema, schema);
  }
  return result;
}

/**
 * What an input names and its operation does not have, dotted where it is in an object: a host whose schema is not strict
 * would pass over it, and the caller believe that it was heeded.
 *
 * @returns `undefined` where every field is known, or may be anything
 */
export function unknownFields(input: Readonly<Input>, schema: Schema, id: string): CommandFailure | undefined {
  const strangers = strangersIn(input, schema, schema, '');
  if (strangers.length === 0) return undefined;
  const names = strangers.map(({ path }) => `"${path}"`).join(', ');
  const near = strangers.flatMap(({ path, known }) => didYouMean(path, known) ?? []);
  return invalid(
    `${strangers.length === 1 ? 'unknown field' : 'unknown fields'} ${names}`,
    near.length > 0 ? `did you mean ${near.join(', ')}?` : `see what it takes: tutti call ${id} --list`,
  );
}

interface Stranger {
  readonly path: string;
  /** What could have been meant, dotted as well. */
  readonly known: readonly string[];
}

function strangersIn(input: Readonly<Input>, schema: Schema, root: Schema, before: string): readonly Stranger[] {
  const { properties, additionalProperties = false } = resolved(schema, root);
  // Without `properties` it is no plain object: a record, a choice, or anything.
  if (!isObject(properties)) return [];
  return Object.entries(input).flatMap(([name, value]) => {
    const path = before + name;
    if (!Object.hasOwn(properties, name)) {
      return additionalProperties === false
        ? [{ path, known: Object.keys(properties).map((known) => before + known) }]
        : [];
    }
    return isObject(value) ? strangersIn(value, object(properties[name]), root, `${path}.`) : [];
  });
}

function set(into: Input, [name = '', ...below]: readonly string[], text: string, schema: Schema, root: Schema): void {
  const member = resolved(object(object(resolved(schema, root)['properties'])[name]), root);
  const present = Object.hasOwn(into, name) ? into[name] : undefined;
  if (below.length > 0) {
    const inner = isObject(present) ? present : {};
    into[name] = inner;
    set(inner, below, text, member, root);
  } else if (member['type'] === 'array' && !text.startsWith('[')) {
    const item = valueIn(text, resolved(object(member['items']), root));
    into[name] = [...(Array.isArray(present) ? present : []), item];
  } else into[name] = valueIn(text, member);
}

/** A text that is not of the type stays one: the host says what is wrong with it. */
function valueIn(text: string, { type }: Schema): unknown {
  if (type === 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function resolved(schema: Schema, root: Schema): Schema {
  const name = /^#\/\$defs\/(.+)$/.exec(String(schema['$ref']))?.[1];
  return name === undefined ? schema : object(object(root['$defs'])[name]);
}

function object(value: unknown): Schema {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
