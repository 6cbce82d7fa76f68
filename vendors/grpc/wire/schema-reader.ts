import { isDeepStrictEqual } from 'node:util';
import type { MessageBuilder } from './message-builder.js';
import { additionalMembers, type ProtoField, type ProtoMessage, wellKnown } from './model.js';
import { pascal, protoPackage, snake, unused } from './names.js';

/** The parts of JSON Schema (2020-12) that zod writes and that make a difference here. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

type FieldForm = Pick<ProtoField, 'shape' | 'type'>;
const single = (type: string): FieldForm => ({ shape: 'single', type });
const anything = single(wellKnown.value);

/** Makes messages of one JSON Schema. What no message can say exactly becomes a `google.protobuf.Value`. */
export class SchemaReader {
  constructor(
    private readonly document: JsonSchema,
    private readonly builder: MessageBuilder,
    /** The same schema may differ as input and as output, by its defaults for one. */
    private readonly io: 'input' | 'output',
  ) {}

  isObject(): boolean {
    return this.#members(this.document) !== undefined;
  }

  /** The message of the whole schema: a shared one by its own name, any other by `name`. */
  root(name: string, comment: readonly string[]): string {
    const { $ref } = this.document;
    const id = $ref === undefined ? undefined : /^#\/\$defs\/([^_].*)$/.exec($ref)?.[1];
    const target = this.#resolved(this.document);
    if (id !== undefined && this.isObject()) return this.#shared(id, target);
    const members = this.#members(this.document) ?? { ...nothing, additional: true };
    this.builder.add(this.#message(name, members, comment));
    return name;
  }

  /** A message around a value of any kind. */
  wrapped(name: string, form: 'item' | 'value', comment: readonly string[]): string {
    const text = (json: string, said: string): ProtoField => ({ ...field(json, single('string')), comment: [said] });
    const said = form === 'item' ? 'data' : 'value';
    this.builder.add({
      name,
      form,
      reserved: [],
      comment,
      fields: [
        ...(form === 'item'
          ? [
              text('id', 'Send that of the last item as the metadata last-event-id to go on after it.'),
              text('event', 'What happened.'),
            ]
          : []),
        field(said, this.#form(this.document, name, said, true)),
      ],
    });
    return name;
  }

  #message(name: string, { properties, additional }: Members, comment: readonly string[]): ProtoMessage {
    const taken = new Set<string>();
    const fields: ProtoField[] = [];
    for (const [json, { schema, required }] of properties) {
      const proto = unused(snake(json), taken, '_');
      taken.add(proto);
      const form = this.#form(schema, name, json, required);
      fields.push({ json, name: proto, number: 0, ...form, comment: this.#fieldComment(schema, required) });
    }
    if (additional) {
      const proto = unused('additional_properties', taken, '_');
      const said = 'Members that are not declared.';
      fields.push({ json: additionalMembers, name: proto, number: 0, ...single(wellKnown.struct), comment: [said] });
    }
    return { name, form: 'object', fields, reserved: [], comment };
  }

  /** The form of a member of `parent`. */
  #form(schema: JsonSchema, parent: string, json: string, required: boolean): FieldForm {
    if (schema.$ref !== undefined) return this.#reference(schema.$ref, parent, json, required);
    const options = schema.anyOf ?? schema.oneOf;
    if (options && !this.#members(schema)) return this.#union(options, parent, json, required);
    const scalar = scalarOf(schema);
    if (scalar !== undefined) return single(scalar);
    if (schema.type === 'array') return this.#array(schema, parent, json, required);
    const record = recordOf(schema);
    if (record) return this.#record(record, parent, json, required);
    const members = this.#members(schema);
    if (!members) return anything;
    const name = this.builder.nested(parent, pascal(json));
    this.builder.add(this.#message(name, members, schema.description === undefined ? [] : [schema.description]));
    return single(name);
  }

  #array({ items, prefixItems }: JsonSchema, parent: string, json: string, required: boolean): FieldForm {
    const item = typeof items === 'object' && prefixItems === undefined ? items : {};
    const element = this.#element(item, parent, json);
    if (required) return { shape: 'repeated', type: element };
    return this.#wrapper('list', 'items', { shape: 'repeated', type: element }, parent, json);
  }

  #record(values: JsonSchema, parent: string, json: string, required: boolean): FieldForm {
    const element = this.#element(values, parent, json);
    if (element === wellKnown.value) return single(wellKnown.struct);
    if (required) return { shape: 'map', type: element };
    return this.#wrapper('map', 'entries', { shape: 'map', type: element }, parent, json);
  }

  /** What stands in an array or a map: nothing that repeats itself. */
  #element(schema: JsonSchema, parent: string, json: string): string {
    const target = this.#resolved(schema);
    if (target.type === 'array') return wellKnown.value;
    if (recordOf(target)) return wellKnown.struct;
    return this.#form(schema, parent, json, true).type;
  }

  /** Nothing that repeats has presence in proto3: a message around it has. */
  #wrapper(form: 'list' | 'map', inner: string, of: FieldForm, parent: string, json: string): FieldForm {
    const name = this.builder.nested(parent, `${pascal(json)}${form === 'list' ? 'List' : 'Map'}`);
    this.builder.add({ name, form, reserved: [], comment: [], fields: [field(inner, of)] });
    return single(name);
  }

  /** Of options that come to the same scalar, or are the same altogether; anything may stand for the others. */
  #union(options: readonly JsonSchema[], parent: string, json: string, required: boolean): FieldForm {
    const [first, ...rest] = options;
    if (first === undefined) return anything;
    if (rest.every((other) => isDeepStrictEqual(bare(other), bare(first)))) {
      return this.#form(first, parent, json, required);
    }
    const kinds = new Set(options.map((option) => scalarOf(this.#resolved(option))));
    const [kind] = kinds;
    if (kinds.size === 1 && kind !== undefined) return single(kind);
    if (kinds.size === 2 && kinds.has('int64') && kinds.has('double')) return single('double');
    return anything;
  }

  #reference(ref: string, parent: string, json: string, required = true): FieldForm {
    const id = /^#\/\$defs\/(.+)$/.exec(ref)?.[1];
    const target = id === undefined ? undefined : this.document.$defs?.[id];
    // What refers to itself and has no name of its own is of no fixed form.
    if (id === undefined || target === undefined || id.startsWith('__')) return anything;
    if (recordOf(target) || !this.#members(target)) return this.#form(target, parent, json, required);
    return single(this.#shared(id, target));
  }

  /** A message of its own, by the id of its schema: made once, also where it refers to itself. */
  #shared(id: string, target: JsonSchema): string {
    // What says that it is asked for is so in any case; the same schema may be another as an answer.
    const suffix = this.io === 'output' || /(?:Request|Update|Input)$/.test(id) ? '' : 'Input';
    const name = `${protoPackage}.${pascal(id)}${suffix}`;
    if (this.builder.share(name, target)) return name;
    const members = this.#members(target) ?? nothing;
    this.builder.add(this.#message(name, members, target.description === undefined ? [] : [target.description]));
    return name;
  }

  #resolved(schema: JsonSchema): JsonSchema {
    const id = /^#\/\$defs\/([^_].*)$/.exec(schema.$ref ?? '')?.[1];
    return (id === undefined ? undefined : this.document.$defs?.[id]) ?? schema;
  }

  /** The members of an object, or of a union of objects: then those of all, each of which may be missing. */
  #members(schema: JsonSchema): Members | undefined {
    const target = this.#resolved(schema);
    const options = target.anyOf ?? target.oneOf ?? target.allOf;
    if (options) {
      const all = options.map((option) => this.#members(option));
      if (!all.every((members) => members !== undefined)) return undefined;
      return merged(all, target.allOf !== undefined);
    }
    if (target.type !== 'object' || recordOf(target)) return undefined;
    const required = new Set(target.required);
    const { additionalProperties: rest } = target;
    return {
      properties: new Map(
        Object.entries(target.properties ?? {}).map(([json, property]) => [
          json,
          { schema: property, required: required.has(json) },
        ]),
      ),
      additional: rest !== undefined && rest !== false,
    };
  }

  #fieldComment(schema: JsonSchema, required: boolean): string[] {
    const target = this.#resolved(schema);
    const allowed = allowedIn(target);
    const said = [
      ...(schema.description === undefined ? [] : [schema.description.replace(/\.$/, '')]),
      ...(allowed.length > 0 ? [`One of: ${allowed.join(', ')}`] : []),
      ...(target.pattern === undefined ? [] : [`Form: ${target.pattern} `]),
      ...(target.default === undefined ? [] : [`Default: ${JSON.stringify(target.default)}`]),
      ...(required && this.io === 'input' ? ['Required'] : []),
    ];
    return said.length === 0 ? [] : [said.map((sentence) => `${sentence}.`).join(' ')];
  }
}

const nothing: Members = { properties: new Map(), additional: false };

interface Members {
  readonly properties: ReadonlyMap<string, { readonly schema: JsonSchema; readonly required: boolean }>;
  /** Whether there may be others, and they mean something. */
  readonly additional: boolean;
}

function merged(all: readonly Members[], together: boolean): Members {
  const properties = new Map<string, { schema: JsonSchema; required: boolean }>();
  for (const members of all) {
    for (const [json, { schema, required }] of members.properties) {
      const present = properties.get(json);
      properties.set(json, {
        schema: present ? { anyOf: [...(present.schema.anyOf ?? [present.schema]), schema] } : schema,
        required: together && (required || present?.required === true),
      });
    }
  }
  return { properties, additional: all.some(({ additional }) => additional) };
}

function field(json: string, form: FieldForm): ProtoField {
  return { json, name: snake(json), number: 0, ...form, comment: [] };
}

function recordOf({ type, properties, additionalProperties, propertyNames }: JsonSchema): JsonSchema | undefined {
  if (type !== 'object' || properties !== undefined) return undefined;
  if (typeof additionalProperties === 'object') return additionalProperties;
  return propertyNames === undefined && additionalProperties !== true ? undefined : {};
}

function scalarOf({ type, enum: values, const: only }: JsonSchema): string | undefined {
  switch (type) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'integer':
      return 'int64';
    case 'number':
      return 'double';
    default: {
      const kinds = new Set((values ?? (only === undefined ? [] : [only])).map((value) => typeof value));
      const [kind] = kinds;
      if (type !== undefined || kinds.size !== 1) return undefined;
      return kind === 'string' ? 'string' : kind === 'number' ? 'double' : kind === 'boolean' ? 'bool' : undefined;
    }
  }
}

function allowedIn({ enum: values, const: only, anyOf, oneOf }: JsonSchema): string[] {
  const own = values ?? (only === undefined ? [] : [only]);
  return [...new Set([...own.map(String), ...(anyOf ?? oneOf ?? []).flatMap(allowedIn)])];
}

function bare({ description: _description, default: _default, ...rest }: JsonSchema): JsonSchema {
  return rest;
}
