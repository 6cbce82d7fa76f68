import { settingsOf } from '../../cli/commands/settings.js';
import type { Definition, Operation } from '../../core/plugin/index.js';
import type { DefinitionRegistry } from '../../core/plugin/registry.js';
import { countInWords, demandOf } from '../../core/plugin/use.js';
import type { TargetDeclaration } from '../../core/ports/index.js';
import { configJsonSchema, type Slot, slots } from '../../core/profile/index.js';
import { fieldsOf } from './fields.js';
import { code, list, page, sentence, settings, table } from './text.js';

/** The page of one heading of profiles: every built-in type that can stand there. */
export function definitionsPage(
  slot: Slot,
  registry: DefinitionRegistry,
  operationsOf: (type: string) => readonly Operation[],
): string {
  const definitions = registry.definitions({ kind: slots[slot] });
  return page(
    `${slot[0]?.toUpperCase()}${slot.slice(1)}`,
    `The built-in types that a profile can name under \`${slot}:\`. The same for one type, on the command line: \`tutti explain TYPE\`.`,
    list(definitions.map(({ type, summary }) => `[\`${type}\`](#${type.replaceAll('.', '')}): ${summary}`)),
    ...definitions.flatMap((definition) => sections(definition, registry, operationsOf(definition.type))),
  );
}

function sections(definition: Definition, registry: DefinitionRegistry, operations: readonly Operation[]): string[] {
  const { type, summary, version, provides, kind } = definition;
  const config = settingsOf(configJsonSchema(definition));
  return [
    `## ${type}`,
    sentence(summary),
    `Version ${version}.${kind === 'provider' ? ` A provider of [\`${provides[0]?.id}\`](ports.md#${provides[0]?.id}).` : ''}`,
    needs(definition),
    uses(definition, registry),
    kind === 'provider' ? declared(definition) : '',
    operations.length === 0
      ? ''
      : `Serves:\n\n${list(operations.map(({ id, summary: what }) => `[\`${id}\`](operations.md#${id.replaceAll('.', '')}): ${what}`))}`,
    config.length === 0 ? 'It has no config.' : `Config:\n\n${settings(config)}`,
  ];
}

function needs({ needs: needed }: Definition): string {
  const lines = Object.entries(needed).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return lines.length === 0 ? '' : `Needs:\n\n${list(lines.map(([what, words]) => `${what}: ${words}`))}`;
}

function uses({ uses: used }: Definition, registry: DefinitionRegistry): string {
  const rows = Object.entries(used).map(([name, use]) => {
    const { ref, count } = demandOf(use);
    const from = registry.list({ provides: ref }).map(({ type }) => code(type));
    return [code(name), code(ref.id), countInWords[count], from.join(', ') || 'the host'];
  });
  return rows.length === 0 ? '' : `Uses:\n\n${table(['name', 'what', 'how many', 'from'], rows)}`;
}

/** What a target says of the components that it runs. */
function declared({ provides, declares }: Definition): string {
  if (provides[0]?.id !== 'target' || declares === undefined) return '';
  const { components, dryRun, parallel } = declares as TargetDeclaration;
  const kinds = components.map(({ deploymentType, properties, changes }) => {
    const fields = fieldsOf(properties, 'input');
    return [
      `Components of type \`${deploymentType}\`; a running one is out of date when these change: properties ${names(changes.properties)}, parameters ${names(changes.parameters)}.`,
      fields.length === 0 ? '' : `\n\n${settings(fields)}`,
    ].join('');
  });
  const abilities = `It can ${dryRun ? '' : 'not '}say beforehand what it would do, and works on at most ${parallel} at a time.`;
  return [abilities, ...kinds].join('\n\n');
}

function names(keys: readonly string[]): string {
  return keys.includes('*') ? 'all' : keys.map(code).join(', ') || 'none';
}
