import semver from 'semver';
import { z } from 'zod';
import type { KitCase } from '../kit.js';
import { at } from './means.js';
import type { DefinitionUnderTest } from './subject.js';

/** A part of a JSON Schema, as far as these cases look into it. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
  readonly additionalProperties?: boolean | Schema;
}

function schemaOf({ definition }: DefinitionUnderTest): Schema {
  return z.toJSONSchema(definition.config, { target: 'draft-07', io: 'input', unrepresentable: 'any' }) as Schema;
}

/** Every object with properties in a schema, with where it is. */
function* objectsIn(schema: unknown, path = 'config'): Generator<readonly [path: string, schema: Schema]> {
  if (typeof schema !== 'object' || schema === null) return;
  if ('properties' in schema) yield [path, schema as Schema];
  for (const [name, part] of Object.entries(schema)) {
    if (name === 'properties') {
      for (const [property, inner] of Object.entries(part as object)) yield* objectsIn(inner, `${path}.${property}`);
    } else {
      yield* objectsIn(part, path);
    }
  }
}

/** What a definition says of itself as data, which people and editors read. */
export const declaredCases: readonly KitCase<DefinitionUnderTest>[] = [
  at('basic', 'the config refuses what it does not know', async (trial) => {
    const { definition } = trial.instance;
    trial.holds(
      'a config that is a number',
      !definition.config.safeParse(12).success,
      'it to be refused',
      'that it is taken',
    );
    const open = [...objectsIn(schemaOf(trial.instance))]
      .filter(([, { additionalProperties }]) => additionalProperties !== undefined && additionalProperties !== false)
      .map(([path]) => path);
    trial.equal('objects of the config that take any key', open, []);
  }),

  at('basic', 'every property of the config is described', async (trial) => {
    const bare = [...objectsIn(schemaOf(trial.instance))].flatMap(([path, { properties = {} }]) =>
      Object.entries(properties)
        // A group is described by its members.
        .filter(([, { description, properties: inner }]) => description === undefined && inner === undefined)
        .map(([name]) => `${path}.${name}`),
    );
    trial.equal('properties of the config without a description', bare, []);
  }),

  at('basic', 'type, version and host range are well-formed', async (trial) => {
    const { kind, type, version, host, provides } = trial.instance.definition;
    const slot = kind === 'provider' ? (provides[0]?.id ?? '?') : kind;
    trial.holds('the type', new RegExp(`^${slot}\\.[a-z0-9][a-z0-9-]*$`).test(type), `${slot}.<name>`, type);
    trial.holds('the version', semver.valid(version) !== null, 'a version of semver', version);
    trial.holds('the range of host versions', semver.validRange(host) !== null, 'a range of semver', host);
  }),

  at('basic', 'summary and needs are written for a person', async (trial) => {
    const { summary, needs } = trial.instance.definition;
    trial.holds('the summary', summary.trim().length > 0 && !summary.includes('\n'), 'one line', summary);
    for (const [what, sentence] of Object.entries(needs)) {
      const words = String(sentence).trim().split(/\s+/).length;
      trial.holds(`what it needs of ${what}`, words >= 2, 'a sentence', sentence);
    }
  }),
];
