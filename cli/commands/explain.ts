import { type Explained, explainEntries, StartUpError } from '../../core/host/index.js';
import type { Definition } from '../../core/plugin/index.js';
import type { DefinitionRegistry } from '../../core/plugin/registry.js';
import { countInWords, demandOf } from '../../core/plugin/use.js';
import { configJsonSchema, slotOf } from '../../core/profile/index.js';
import { CommandFailure, invalid } from '../failure.js';
import { table } from '../output/table.js';
import { fields } from '../output/text.js';
import { knownWith, readProfile, tuttiVersion } from '../profile.js';
import type { Terminal } from '../terminal.js';
import { componentsText } from './explain-components.js';
import { settingsOf } from './settings.js';

export interface ExplainOptions {
  /** A profile: the types of its plugins are known too. */
  readonly filename?: string;
}

/** `tutti explain [TYPE] [-f PROFILE]` */
export async function explain(
  terminal: Terminal,
  type: string | undefined,
  { filename }: ExplainOptions,
): Promise<void> {
  const { registry, plugins, entries } = await knownWith(filename);
  if (type === undefined) {
    await registry.load(tuttiVersion());
    const columns = [
      { head: 'TYPE', value: ({ type }: Definition) => type },
      { head: 'UNDER', value: ({ kind }: Definition) => slotOf(kind) },
      { head: 'SUMMARY', value: ({ summary }: Definition) => summary },
    ];
    terminal.out(table(columns, registry.definitions()));
    terminal.next(filename === undefined ? 'tutti explain TYPE' : `tutti explain TYPE -f ${filename}`);
    return;
  }
  await registry.load(tuttiVersion(), [type]);
  const definition = registry.get(type);
  if (!definition) {
    const near = registry.suggest(type);
    const all =
      filename === undefined ? 'tutti explain; those of plugins too: -f PROFILE' : `tutti explain -f ${filename}`;
    const advice = near === undefined ? `see all types: ${all}` : `did you mean "${near}"?`;
    throw invalid(`there is no type "${type}"`, advice);
  }
  const from = plugins.find(({ plugin }) => plugin.definitions.includes(definition))?.specifier;
  terminal.out(text(definition, registry, from));
  if (filename !== undefined && entries.some((entry) => entry.type === type))
    await explainHere(terminal, type, filename);
  terminal.next(
    `tutti schema ${filename === undefined ? '' : `${filename} `}> profile.schema.json, and let your editor complete the rest`,
  );
}

/** Milliseconds that entries have to find out what they say. */
const patience = 10_000;

/** What only the entries themselves can say, where they are: some of it is decided by what they find there. */
async function explainHere(terminal: Terminal, type: string, filename: string): Promise<void> {
  let all: readonly Explained[];
  try {
    all = await explainEntries(await readProfile(filename), type, { milliseconds: patience, signal: terminal.signal });
  } catch (error) {
    if (!(error instanceof CommandFailure || error instanceof StartUpError)) throw error;
    terminal.note(
      `${filename} is not valid, so its entries were not asked what they find here: tutti validate ${filename}`,
    );
    return;
  }
  for (const each of all) {
    const said = 'found' in each ? each.found : `cannot be told now: ${each.fault}`;
    terminal.out(`\n${fields([[`Here, for ${each.entry} of ${filename}`, said.split('\n')]])}`);
  }
}

/** What it needs of the machine. It may need more than it declares: nobody holds it to that. */
function needsText({ needs }: Definition): string {
  const declared = Object.entries(needs) as [name: string, sentence: string][];
  return declared.length === 0 ? 'Declares no needs.' : fields([['Needs', fields(declared).split('\n')]]);
}

/** @param from the plugin that it comes from, as the profile names it */
function text(definition: Definition, registry: DefinitionRegistry, from: string | undefined): string {
  const { type, kind, summary, version, provides } = definition;
  const head = fields([
    ['Type', type],
    ['About', summary],
    ['Under', `${slotOf(kind)}:`],
    ['Version', version],
    ['From', from],
    ['Provides', provides.map(({ id }) => id).join(', ')],
  ]);
  const uses = Object.entries(definition.uses).map(([name, use]) => {
    const { ref, count } = demandOf(use);
    const how = countInWords[count];
    const from = registry.list({ provides: ref }).map((one) => one.type);
    return { name, ref: ref.id, how, from: from.join(', ') || 'the host' };
  });
  const settings = settingsOf(configJsonSchema(definition));
  const components = componentsText(definition);
  return [
    head,
    needsText(definition),
    uses.length === 0
      ? 'Uses nothing.'
      : `Uses:\n${table(
          [
            { head: '  NAME', value: ({ name }) => `  ${name}` },
            { head: 'WHAT', value: ({ ref }) => ref },
            { head: 'HOW MANY', value: ({ how }) => how },
            { head: 'FROM', value: ({ from }) => from },
          ],
          uses,
        )}`,
    settings.length === 0
      ? 'Has no config.'
      : `Config:\n${table(
          [
            { head: '  NAME', value: ({ name }) => `  ${name}` },
            { head: 'TYPE', value: ({ type }) => type },
            { head: 'DEFAULT', value: ({ preset }) => preset },
            { head: 'ABOUT', value: ({ about }) => about },
          ],
          settings,
        )}`,
    ...(components === undefined ? [] : [components]),
  ].join('\n\n');
}
