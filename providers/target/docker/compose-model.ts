/** Reading a document that nobody has checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** A list as it is, one value as a list of it, nothing as none. */
export function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function lookup(value: unknown, key: string): unknown {
  return fields(value)?.[key];
}

/** Whether a path stays in the directory that it is relative to, read without the file system. */
export function inside(path: unknown): boolean {
  if (typeof path !== 'string' || path === '') return false;
  return !/^[/~\\]|^[A-Za-z]:|[$\\\0]/.test(path) && !path.split('/').includes('..') && !path.includes('://');
}
