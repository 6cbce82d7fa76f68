/** Items by what they have in common, in their order. */
export function grouped<T>(items: readonly T[], by: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = by(item);
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return groups;
}
