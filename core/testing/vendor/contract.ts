import { z } from 'zod';
import type { Operation, ProblemType } from '../../operation/index.js';
import type { KitCase } from '../kit.js';
import { KitSkip, type Trial } from '../trial.js';
import { routeFaults, routesOf } from './routes.js';
import type { VendorUnderTest } from './subject.js';

export type VendorTrial = Trial<VendorUnderTest>;
type Run = (trial: VendorTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<VendorUnderTest> => ({ name, level: 'basic', run });

export function served({ instance }: VendorTrial): readonly Operation[] {
  return (instance.offer.operations ?? []).map(({ operation }) => operation);
}

/** Checks each operation by itself: what is wrong with it, a line each. */
function each(name: string, faults: (operation: Operation) => readonly string[]): KitCase<VendorUnderTest> {
  return basic(name, async (trial) => {
    for (const operation of served(trial)) trial.equal(`what is wrong with ${operation.id}`, faults(operation), []);
  });
}

function twice(texts: readonly string[]): string[] {
  return texts.filter((text, at) => texts.indexOf(text) !== at);
}

/** What a vendor says of itself: as data, that descriptions, bindings and clients are made from. */
export const contractCases: readonly KitCase<VendorUnderTest>[] = [
  basic('what is declared is what is served', async (trial) => {
    const { operations } = trial.instance.definition;
    if (!operations) throw new KitSkip('the definition does not declare its operations');
    const ids = (list: readonly Operation[]): string[] => list.map(({ id }) => id).sort();
    trial.equal('the operations that are served', ids(served(trial)), ids(operations));
    for (const operation of served(trial)) {
      const declared = operations.find(({ id }) => id === operation.id);
      trial.holds(operation.id, declared === operation, 'the same operation as the declared one', operation.http);
    }
  }),

  basic('every operation has an id of its own', async (trial) => {
    const ids = served(trial).map(({ id }) => id);
    trial.equal('ids that two have', twice(ids), []);
    // What is the same without case and punctuation is the same method on gRPC.
    trial.equal(
      'ids that differ too little',
      twice(ids.map((id) => id.replaceAll(/[^A-Za-z0-9.]/g, '').toLowerCase())),
      [],
    );
  }),

  each('an id is a noun and a verb', ({ id }) =>
    /^[a-z][A-Za-z0-9-]*(\.[a-z][A-Za-z0-9-]*)+$/.test(id) ? [] : [`${id} has not the form noun.verb`],
  ),

  basic('every operation has a route of its own', async (trial) => {
    trial.equal('routes that two have', twice(served(trial).flatMap(routesOf)), []);
  }),

  each('routes are well-formed, and have a place for every field', routeFaults),

  each('a summary is one line for a person', ({ summary }) =>
    summary.trim() !== '' && !/[\r\n]/.test(summary) ? [] : [`the summary ${JSON.stringify(summary)} is no line`],
  ),

  each('inputs and outputs have a JSON Schema', ({ input, output }) => [
    ...schemaFaults('the input', input, 'input'),
    ...('schema' in output ? schemaFaults('the output', output.schema, 'output') : []),
    ...inputFaults(input),
  ]),

  each('media types are declared', ({ output }) => {
    if (output.kind !== 'representation') return [];
    if (output.mediaTypes.length === 0) return ['its representation has no media type'];
    return output.mediaTypes
      .filter((type) => !/^[\w.+*-]+\/[\w.+*-]+(;.*)?$/.test(type))
      .map((type) => `${JSON.stringify(type)} is no media type`);
  }),

  each('problems are declared once, with what callers need', ({ problems }) => [
    ...twice(problems.map(({ type }) => type)).map((type) => `${type} is declared twice`),
    ...problems.flatMap(problemFaults),
  ]),

  each('an access rule says who may call', ({ access: { kinds, rule, check } }) => {
    const faults = rule.trim() === '' ? ['its rule has no words'] : [];
    const odd = kinds.filter((kind) => kind !== 'user' && kind !== 'device');
    return [
      ...faults,
      ...odd.map((kind) => `it takes a ${String(kind)}, which nobody is`),
      ...(typeof check === 'function' ? [] : ['it has no check']),
    ];
  }),
];

function schemaFaults(what: string, schema: z.ZodType, io: 'input' | 'output'): string[] {
  try {
    z.toJSONSchema(schema, { io });
    return [];
  } catch (error) {
    return [`${what} has no JSON Schema: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Every binding gives an input by the names of its fields. */
function inputFaults(input: z.ZodType): string[] {
  const { type, anyOf, oneOf, allOf } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return type === 'object' || anyOf || oneOf || allOf ? [] : [`the input is ${type ?? 'anything'}, and no object`];
}

function problemFaults({ type, title, status }: ProblemType): string[] {
  const faults: string[] = [];
  if (!URL.canParse(type)) faults.push(`${JSON.stringify(type)} is no URI (RFC 9457)`);
  if (title.trim() === '') faults.push(`${type} has no title`);
  if (!Number.isInteger(status) || status < 400 || status > 599) faults.push(`${type} has the status ${status}`);
  return faults;
}
