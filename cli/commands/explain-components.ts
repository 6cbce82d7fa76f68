import type { Definition } from '../../core/plugin/index.js';
import {
  type ComponentCapability,
  componentCapability,
  type JsonSchema,
  type TargetDeclaration,
  TargetProvider,
} from '../../core/ports/index.js';
import { table } from '../output/table.js';
import { type Setting, settingsOf } from './settings.js';

/** What a target runs, as it declares it; `undefined` for a definition that declares no components. */
export function componentsText({ provides, declares }: Definition): string | undefined {
  if (declares === undefined || !provides.some(({ id }) => id === TargetProvider.id)) return undefined;
  // The registry has held it to this form.
  const { components, parallel, dryRun } = declares as TargetDeclaration;
  const summary = `Runs at most ${parallel} at the same time; ${dryRun ? 'can' : 'cannot'} say beforehand what it would do.`;
  return [summary, ...components.map((type) => componentText(componentCapability(type)))].join('\n\n');
}

function componentText({ deploymentType, properties, parameters, changes }: ComponentCapability): string {
  const lines = [...memberLines('properties', properties), ...memberLines('parameters', parameters)];
  const outdated = [...named('property', changes.properties), ...named('parameter', changes.parameters)];
  const columns = [
    { head: '  NAME', value: ({ name }: Setting) => `  ${name}` },
    { head: 'TYPE', value: ({ type }: Setting) => type },
    { head: 'DEFAULT', value: ({ preset }: Setting) => preset },
    { head: 'ABOUT', value: ({ about }: Setting) => about },
  ];
  return [
    `Components of type ${deploymentType}:`,
    ...(lines.length === 0 ? [] : [table(columns, lines)]),
    `  Out of date when the artifact changes${outdated.map((what) => `, ${what}`).join('')}.`,
  ].join('\n');
}

/** Those that are named, and a line for those of any name, where something is said of them. */
function memberLines(part: 'properties' | 'parameters', schema: JsonSchema): readonly Setting[] {
  const named = settingsOf(schema, `${part}.`);
  const any = described(schema['additionalProperties']);
  const name = described(schema['propertyNames']);
  if (any === '' && name === '') return named;
  return [...named, { name: `${part}.*`, type: 'any', preset: '', about: [name, any].filter(Boolean).join('. ') }];
}

function described(schema: unknown): string {
  const { description } = (typeof schema === 'object' && schema !== null ? schema : {}) as { description?: unknown };
  return typeof description === 'string' ? description : '';
}

function named(what: string, names: readonly string[]): readonly string[] {
  if (names.includes('*')) return [`any ${what}`];
  return names.map((name) => `the ${what} ${name}`);
}
