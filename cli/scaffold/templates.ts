import type { ScaffoldKind } from './kinds.js';

/** A file that a new package begins with. */
export interface Template {
  /** From the folder of Tutti. */
  readonly path: string;
  /** The name that stands in it for that of the new package. */
  readonly placeholder: string;
}

const everyKind = ['tsconfig.json', 'gitignore'];
const described = ['README.md', 'conformance.ts', 'profile.yaml'];

const byKind: Readonly<Record<ScaffoldKind, readonly string[]>> = {
  target: ['index.ts', 'platform.ts', ...described],
  state: ['index.ts', 'store.ts', ...described],
  events: ['bus.ts', 'group.ts', 'index.ts', ...described],
  registry: ['index.ts', ...described],
  secret: ['index.ts', ...described],
  wfm: ['index.ts', 'stick.ts', ...described],
  manager: ['index.ts', ...described],
  vendor: ['index.ts', 'operations.ts', ...described],
  binding: ['README.md', 'profile.yaml'],
};

/** A binding that passes its kit is a few hundred lines, and there is an example of one. */
const example = ['binding.ts', 'conformance.ts', 'index.ts', 'transport.ts', 'wire.ts'];

export function templatesOf(kind: ScaffoldKind): readonly Template[] {
  const at = (folder: string, placeholder: string) => (file: string) => ({ path: `${folder}/${file}`, placeholder });
  return [
    ...everyKind.map(at('cli/scaffold/templates/common', `my-${kind}`)),
    ...byKind[kind].map(at(`cli/scaffold/templates/${kind}`, `my-${kind}`)),
    ...(kind === 'binding' ? example.map(at('plugins/binding-unix-socket', 'unix-socket')) : []),
  ];
}
