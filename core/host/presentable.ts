type Members = Readonly<Record<string, unknown>>;

/** Levels of a value that a log has; nobody reads further down. */
const deepest = 64;

/**
 * A value as JSON can have it, with secrets hidden in every text. Before it becomes JSON: afterwards a secret with a
 * quote or a line break in it would no longer look like itself. What cannot be read is told in its place: a line of a
 * log must not fail whoever writes it.
 */
export function presentable(
  value: unknown,
  conceal: (text: string) => string = (text) => text,
  within: readonly unknown[] = [],
): unknown {
  if (typeof value === 'string') return conceal(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
  if (within.includes(value)) return '[circular]';
  if (within.length === deepest) return '[nested deeper]';
  const below = (member: unknown): unknown => presentable(member, conceal, [...within, value]);
  return readable(() => {
    if (value instanceof Error) {
      const { name, message, stack, cause } = value;
      return below({ name, message, stack, ...(cause !== undefined && { cause }) });
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') return below(value.toJSON());
    if (Array.isArray(value)) return value.map(below);
    const members = Object.entries(membersOf(value as Members));
    return Object.fromEntries(members.map(([key, member]) => [conceal(key), below(member)]));
  }, conceal);
}

/** A copy of an object's own members; of a getter that throws, what it says. */
export function membersOf(value: Members): Members {
  return Object.fromEntries(Object.keys(value).map((key) => [key, readable(() => value[key])]));
}

function readable(read: () => unknown, conceal: (text: string) => string = (text) => text): unknown {
  try {
    return read();
  } catch (error) {
    return conceal(`[unreadable: ${error instanceof Error ? error.message : String(error)}]`);
  }
}
