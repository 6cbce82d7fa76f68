/** What a package can be begun as, and what it then holds. Each has its files in `templates/<kind>/`. */
export const kinds = {
  target: 'a platform that runs workloads',
  state: 'a store for what must outlive the host',
  events: 'a bus for events between managers',
  registry: 'a registry of OCI artifacts',
  secret: 'a store of passwords, tokens and keys',
  wfm: "a device's line to its fleet manager",
  manager: 'business logic over ports and other managers',
  vendor: 'operations for the outside',
  binding: 'a protocol that carries operations, with the transport of its callers',
} as const;

export type ScaffoldKind = keyof typeof kinds;

export function isScaffoldKind(word: string): word is ScaffoldKind {
  return Object.hasOwn(kinds, word);
}
