/**
 * The URL of a module of this package that others start or import by its address. In the sources it is a file like any
 * other; the build keeps it as a file of its own, while the module that asks becomes part of another.
 *
 * @param module from the root, without an ending: `core/isolation/isolate`
 */
export function shippedModule(module: string): string {
  const here = import.meta.url;
  return here.endsWith('.ts')
    ? new URL(`../../${module}.ts`, here).href
    : new URL(`${module}.js`, /^.*\/dist\//.exec(here)?.[0]).href;
}
