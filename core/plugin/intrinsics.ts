/** Prototypes of the language itself, which all code of a process shares. */
const prototypes: ReadonlyMap<string, object> = new Map<string, object>([
  ...[Object, Function, Array, String, Number, Boolean, BigInt, Symbol, Date, RegExp, Error, Promise].map(named),
  ...[Map, Set, WeakMap, WeakSet, ArrayBuffer, Uint8Array, Object.getPrototypeOf(Uint8Array)].map(named),
]);

function named(made: { readonly name: string; readonly prototype: object }): [string, object] {
  return [`${made.name}.prototype`, made.prototype];
}

type Properties = ReadonlyMap<PropertyKey, PropertyDescriptor>;

/**
 * Remembers what the prototypes of the language have now.
 *
 * @returns undoes, as far as that is possible, what was done to them since, and tells it: `Object.prototype.added`
 */
export function guardIntrinsics(): () => readonly string[] {
  const before = [...prototypes].map(([name, prototype]) => ({ name, prototype, properties: propertiesOf(prototype) }));
  return () => {
    const changes: [string, PropertyKey][] = [];
    // Nothing is told before all is undone: while it is not, `map` may be anything.
    for (const { name, prototype, properties } of before) {
      for (const key of restore(prototype, properties)) changes[changes.length] = [name, key];
    }
    return changes.map(([name, key]) => (typeof key === 'symbol' ? `${name}[${String(key)}]` : `${name}.${key}`));
  };
}

/** Yields what had been added, changed or taken away. */
function* restore(prototype: object, before: Properties): Generator<PropertyKey> {
  for (const key of Reflect.ownKeys(prototype)) {
    if (before.has(key)) continue;
    Reflect.deleteProperty(prototype, key);
    yield key;
  }
  for (const [key, property] of before) {
    if (isSame(property, Reflect.getOwnPropertyDescriptor(prototype, key))) continue;
    Reflect.defineProperty(prototype, key, property);
    yield key;
  }
}

function propertiesOf(prototype: object): Properties {
  return new Map(
    Reflect.ownKeys(prototype).flatMap((key) => {
      const property = Reflect.getOwnPropertyDescriptor(prototype, key);
      return property ? [[key, property] as const] : [];
    }),
  );
}

function isSame(one: PropertyDescriptor, other: PropertyDescriptor | undefined): boolean {
  return other !== undefined && one.value === other.value && one.get === other.get && one.set === other.set;
}
