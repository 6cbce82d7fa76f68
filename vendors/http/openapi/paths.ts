/** Where a route of ours stands in the document. */
export interface Place {
  /** The key under `paths`. */
  readonly path: string;
  /** What the document calls each parameter of the route. */
  readonly names: ReadonlyMap<string, string>;
  /** Parameters that take the rest of the path. */
  readonly rest: ReadonlySet<string>;
}

const expressions = /\{([^}+]+)(\+?)\}/g;

/**
 * Routes as keys of `paths`. There, templates that differ only by the names of their parameters are one and the same,
 * and no parameter takes a slash.
 */
export class Paths {
  /** By the route without the names of its parameters. */
  readonly #paths = new Map<string, string>();

  /** @param route prefix and template: `/api/v1/devices/{id}`, `/things/{path+}` */
  place(route: string): Place {
    const shape = route.replaceAll(expressions, '{$2}');
    const path = this.#paths.get(shape) ?? this.#free(route);
    this.#paths.set(shape, path);
    const own = [...route.matchAll(expressions)];
    const theirs = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name ?? '');
    return {
      path,
      names: new Map(own.map(([, name = ''], n) => [name, theirs[n] ?? name])),
      rest: new Set(own.filter(([, , plus]) => plus === '+').map(([, name = '']) => name)),
    };
  }

  /** `{rest+}` loses its mark, unless a parameter of one segment stands at the same place already. */
  #free(route: string): string {
    const bare = (path: string): string => path.replaceAll(/\{[^}]+\}/g, '{}');
    const taken = [...this.#paths.values()].some((path) => bare(path) === bare(route));
    return taken ? route : route.replaceAll(expressions, '{$1}');
  }
}
