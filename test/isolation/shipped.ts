import { inject } from 'vitest';

/** Stands for `core/isolation/shipped.ts` in these tests: isolates run what was bundled for them. */
export function shippedModule(module: string): string {
  return new URL(`${module}.js`, inject('programs')).href;
}
