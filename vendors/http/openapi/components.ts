import type { JsonObject } from './schemas.js';

/** Parts of the document that several operations refer to. Equal ones are there once. */
export class Components {
  readonly #sections = new Map<string, Map<string, JsonObject>>();

  /** @returns a reference to `part`, under `name` or, where that is taken by another one, under `name` with a number */
  refer(section: string, name: string, part: JsonObject): { readonly $ref: string } {
    const parts = this.#sections.get(section) ?? new Map<string, JsonObject>();
    this.#sections.set(section, parts);
    const text = JSON.stringify(part);
    for (let n = 1; ; n += 1) {
      const candidate = n === 1 ? name : `${name}-${n}`;
      const present = parts.get(candidate);
      if (present === undefined) parts.set(candidate, part);
      else if (JSON.stringify(present) !== text) continue;
      return { $ref: `#/components/${section}/${candidate}` };
    }
  }

  toJSON(): Record<string, JsonObject> {
    return Object.fromEntries([...this.#sections].map(([name, parts]) => [name, Object.fromEntries(parts)]));
  }
}
