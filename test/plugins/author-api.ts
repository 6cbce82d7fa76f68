import { API, type Checker, type Symbol as CompilerSymbol, SymbolFlags } from 'typescript/unstable/sync';

/** One name that a module of the author API exports. */
export interface Exported {
  readonly name: string;
  /** Marks of stability as its doc comment has them: `stable since 0.1.0`, `experimental`. */
  readonly marks: readonly string[];
}

/**
 * What modules export, types included, by way of the compiler: it knows what `export *` comes to.
 *
 * @param project path of a tsconfig.json
 * @param files modules of that project; paths
 * @returns by file
 */
export function exportsOf(project: string, files: readonly string[]): ReadonlyMap<string, readonly Exported[]> {
  const compiler = new API();
  try {
    const opened = compiler.updateSnapshot({ openProject: project }).getProject(project);
    if (!opened) throw new Error(`${project} cannot be opened`);
    const { program, checker } = opened;
    return new Map(
      files.map((file) => {
        const source = program.getSourceFile(file);
        const module = source && checker.getSymbolAtLocation(source);
        if (!module) throw new Error(`${file} is no module of ${project}`);
        const found = checker.getExportsOfModule(module).map((symbol) => exported(symbol, checker));
        return [file, found.toSorted((a, b) => (a.name < b.name ? -1 : 1))];
      }),
    );
  } finally {
    compiler.close();
  }
}

function exported(symbol: CompilerSymbol, checker: Checker): Exported {
  const declared = (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
  const marks = checker
    .getJsDocTagsOfSymbol(declared)
    .filter(({ name }) => name === 'stable' || name === 'experimental')
    .map(({ name, text }) => [name, text].filter(Boolean).join(' '));
  return { name: symbol.name, marks };
}
