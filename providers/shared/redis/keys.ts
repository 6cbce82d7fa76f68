/** A name as a part of a Redis key, which is divided by colons. */
export function part(name: string): string {
  return encodeURIComponent(name);
}

/** What {@link part} was made of. */
export function originalOf(text: string): string {
  return decodeURIComponent(text);
}

/** The prefix of all keys: the braces put them on one node of a cluster, which a script over several of them needs. */
export function keyspace(prefix: string): string {
  return `{${prefix}}`;
}
