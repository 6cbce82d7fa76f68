import { junit } from '../conformance/junit.js';
import type { PlannedCase } from '../conformance/protocol.js';
import { listing, results, summary } from '../conformance/report.js';
import { type Selection, selectCases } from '../conformance/select.js';
import { listCases, type TriedCase, type TryOptions, tryCases } from '../conformance/try-cases.js';
import { failed, invalid } from '../failure.js';
import type { Terminal } from '../terminal.js';

export interface PluginTestOptions extends Selection {
  readonly seed?: number;
  readonly list?: boolean;
  readonly output: 'table' | 'json' | 'junit';
}

/** `tutti plugin test`: tries a plugin against all that its kind and its ports promise. */
export async function testPlugin(terminal: Terminal, path: string, options: PluginTestOptions): Promise<void> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  const [file = ''] = process.argv.slice(1, 2);
  const how: TryOptions = {
    path,
    program: { file, args: ['plugin', 'try'] },
    seed,
    signal: terminal.signal,
    select: (cases) => selectCases(cases, options),
    progress: ({ name }, number, of) => terminal.progress(`${number} of ${of}: ${name}`),
  };
  if (options.list) return list(terminal, await listCases(how), options);
  const tried = await tryCases(how);
  const again = ({ name }: PlannedCase): string =>
    `tutti plugin test ${quoted(path)} --case ${quoted(name)} --seed ${seed}`;
  if (options.output === 'junit') terminal.out(junit(tried, seed, again));
  else if (options.output === 'json') terminal.out(json({ seed, summary: summary(tried), cases: tried }));
  else terminal.out(results(tried, again));
  const failures = tried.filter(({ status }) => status === 'failed');
  const [first] = failures;
  if (first) throw failed(`${failures.length} of ${tried.length} cases failed`, `try the first again: ${again(first)}`);
  terminal.next(nextStep(path, tried));
}

/** The process that a plugin is tried in; `plugin test` starts it. */
export async function tryPlugin(): Promise<void> {
  if (!process.send) throw invalid('this is started by tutti plugin test', 'run tutti plugin test');
  await (await import('../conformance/worker.js')).tryHere();
}

function list(terminal: Terminal, cases: readonly PlannedCase[], { output }: PluginTestOptions): void {
  if (output === 'junit') throw invalid('a list has no results to be written as JUnit', 'use -o table or -o json');
  terminal.out(output === 'json' ? json({ cases }) : listing(cases));
  terminal.next("tutti plugin test with --case 'a name' tries one");
}

function nextStep(path: string, tried: readonly TriedCase[]): string {
  const wanting = tried.find(({ status, reason }) => status === 'skipped' && reason?.startsWith('give `'));
  if (wanting) return `${wanting.reason}, in its conformance.ts`;
  return `tutti plugin test ${quoted(path)} --level performance`;
}

const json = (value: unknown): string => JSON.stringify(value, undefined, 2);

/** A word for a shell. */
function quoted(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
