/** One line of the table of a definition's config. */
export interface Setting {
  /** Dotted; `registries[].url` for what is in a list. */
  readonly name: string;
  readonly type: string;
  /** As JSON; `required`, or empty where there is none. */
  readonly preset: string;
  readonly about: string;
}

type Schema = Readonly<Record<string, unknown>>;

/** The settings that a JSON Schema describes, in its order. What only an object holds together gets no line of its own. */
export function settingsOf(schema: unknown, prefix = ''): Setting[] {
  const { properties, required } = object(schema);
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(object(properties)).flatMap(([key, written]) => {
    const name = prefix + key;
    const outer = object(written);
    const inner = withoutSubstitution(outer);
    if (inner['properties'] !== undefined) return settingsOf(inner, `${name}.`);
    const items = object(inner['items']);
    const preset = outer['default'] ?? inner['default'];
    const line: Setting = {
      name,
      type: typeOf(inner),
      preset: preset !== undefined ? JSON.stringify(preset) : needed.includes(key) ? 'required' : '',
      about: String(outer['description'] ?? inner['description'] ?? ''),
    };
    return [line, ...(items['properties'] === undefined ? [] : settingsOf(items, `${name}[].`))];
  });
}

/** The schema allows `${env:...}` beside the value itself; a person is told of the value. */
function withoutSubstitution(schema: Schema): Schema {
  const { anyOf } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const values = anyOf.map(object).filter(({ pattern }) => pattern !== '\\$\\{env:');
  return values.length === 1 && values[0] ? withoutSubstitution(values[0]) : { ...schema, anyOf: values };
}

function typeOf(schema: Schema): string {
  const { type, enum: choices, const: only, items, anyOf, oneOf, writeOnly } = schema;
  if (writeOnly === true) return 'secret';
  if (Array.isArray(choices)) return choices.map(String).join(' | ');
  if (only !== undefined) return JSON.stringify(only);
  if (type === 'array') return `list of ${typeOf(withoutSubstitution(object(items)))}`;
  const either = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : undefined;
  if (either) return [...new Set(either.map((one) => typeOf(withoutSubstitution(object(one)))))].join(' | ');
  return typeof type === 'string' ? type : 'any';
}

function object(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}
