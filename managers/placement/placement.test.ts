import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeployedProfile, DeploymentProfile, DeviceCapabilities, JsonObject } from '../margo/index.js';
import { readCapabilities } from '../margo/index.js';
import { evaluate, evaluateEligibilityRules, type PlacementManager } from './index.js';
import definition from './manager.js';

const device = {
  properties: {
    id: 'edge-07',
    cpus: [
      { cores: 2, architecture: 'arm64' },
      { cores: 4, architecture: 'x86_64' },
    ],
    memory: '12 Gi',
    storage: '200Gi',
    peripherals: [
      { type: 'gpu', manufacturer: 'NVIDIA', slots: [1, 2] },
      { type: 'camera', manufacturer: 'Acme' },
    ],
    interfaces: [{ type: 'ethernet' }],
    otelCollector: true,
    supportedRuntimes: ['oci'],
    mixed: [1, 'a'],
    'a/b': { 'm~n': 7 },
  } as JsonObject,
  labels: { line: 7, os: ['linux', 'rt'], spare: false, zone: 'B', version: '1.10' },
};
const label = (expression: object): JsonObject => ({
  eligibilityRules: [{ labelSelector: { matchExpressions: [expression as JsonObject] } }],
});
const property = (expression: object): JsonObject => ({
  eligibilityRules: [{ propertySelector: { matchExpressions: [expression as JsonObject] } }],
});
const items = (...matchExpressions: object[]) => ({ itemSelector: { matchExpressions } });
const has = (key: string, ...values: unknown[]) => ({ key, operator: 'In', values });

describe('operators, as the standard defines them', () => {
  it.each([
    [true, property({ key: '/id', operator: 'In', values: ['x', 'edge-07'] })],
    [false, property({ key: '/id', operator: 'In', values: ['Edge-07'] })],
    [true, property({ key: '/supportedRuntimes', operator: 'In', values: ['oci', 'custom'] })],
    [false, property({ key: '/supportedRuntimes', operator: 'In', values: ['custom'] })],
    [true, property({ key: '/otelCollector', operator: 'In', values: [true] })],
    [false, property({ key: '/otelCollector', operator: 'In', values: ['true'] })],
    [false, property({ key: '/otelCollector', operator: 'In', values: [true, false] })],
    [true, label({ key: 'line', operator: 'In', values: [7, 8] })],
    [false, label({ key: 'line', operator: 'In', values: ['7'] })],
    [false, label({ key: 'line', operator: 'In', values: [7, '7'] })],
    [true, label({ key: 'os', operator: 'In', values: ['rt', 'bsd'] })],
    [true, label({ key: 'spare', operator: 'In', values: [false] })],
    [false, label({ key: 'nothing', operator: 'In', values: ['x'] })],
    [false, label({ key: 'zone', operator: 'In' })],
    [false, label({ key: 'zone', operator: 'In', values: [] })],
    [false, property({ key: '/cpus', operator: 'In', values: [4] })],
    [false, property({ key: '/mixed', operator: 'In', values: ['a'] })],
    [true, label({ key: 'zone', operator: 'NotIn', values: ['A'] })],
    [false, label({ key: 'zone', operator: 'NotIn', values: ['A', 'B'] })],
    [false, label({ key: 'nothing', operator: 'NotIn', values: ['A'] })],
    [false, label({ key: 'os', operator: 'NotIn', values: ['rt'] })],
    [false, property({ key: '/cpus', operator: 'NotIn', values: [4] })],
    [true, label({ key: 'spare', operator: 'Exists' })],
    [false, label({ key: 'Spare', operator: 'Exists' })],
    [false, label({ key: 'toString', operator: 'Exists' })],
    [true, property({ key: '/cpus/1/architecture', operator: 'Exists' })],
    [false, property({ key: '/cpus/2', operator: 'Exists' })],
    [false, property({ key: '/cpus/length', operator: 'Exists' })],
    [false, property({ key: '/cpus/01', operator: 'Exists' })],
    [false, property({ key: '/constructor', operator: 'Exists' })],
    [true, property({ key: '/a~1b/m~0n', operator: 'Exists' })],
    [true, label({ key: 'nothing', operator: 'DoesNotExist' })],
    [false, label({ key: 'zone', operator: 'DoesNotExist' })],
    [true, property({ key: '/memory/x', operator: 'DoesNotExist' })],
    [true, label({ key: 'line', operator: 'Gt', values: [6.5] })],
    [false, label({ key: 'line', operator: 'Gt', values: [7] })],
    [true, label({ key: 'line', operator: 'Gt', values: ['6'] })],
    [true, label({ key: 'version', operator: 'Gt', values: ['1.05'] })],
    [false, label({ key: 'zone', operator: 'Gt', values: [1] })],
    [false, label({ key: 'line', operator: 'Gt', values: ['x'] })],
    [false, label({ key: 'line', operator: 'Gt', values: [1, 2] })],
    [false, label({ key: 'os', operator: 'Gt', values: [1] })],
    [true, property({ key: '/cpus/0/cores', operator: 'Lt', values: [3] })],
    [false, property({ key: '/cpus/0/cores', operator: 'Lt', values: [2] })],
    [false, property({ key: '/nothing', operator: 'Lt', values: [2] })],
    [
      true,
      property({
        key: '/peripherals',
        operator: 'ContainsAll',
        ...items(has('/type', 'gpu'), has('/manufacturer', 'NVIDIA')),
      }),
    ],
    [
      false,
      property({
        key: '/peripherals',
        operator: 'ContainsAll',
        ...items(has('/type', 'gpu'), has('/manufacturer', 'Acme')),
      }),
    ],
    [
      true,
      property({
        key: '/peripherals',
        operator: 'ContainsAny',
        ...items(has('/type', 'microphone'), has('/manufacturer', 'Acme')),
      }),
    ],
    [
      false,
      property({
        key: '/peripherals',
        operator: 'ContainsAny',
        ...items(has('/type', 'microphone'), has('/type', 'speaker')),
      }),
    ],
    [
      true,
      property({
        key: '/peripherals',
        operator: 'ContainsAll',
        ...items({ key: '/slots', operator: 'In', values: [2] }),
      }),
    ],
    [false, property({ key: '/supportedRuntimes', operator: 'ContainsAny', ...items(has('', 'oci')) })],
    [false, property({ key: '/peripherals', operator: 'ContainsAny' })],
    [false, label({ key: 'os', operator: 'ContainsAny', ...items(has('', 'linux')) })],
    // What the standard misprints.
    [true, property({ key: '/interfaces', operator: 'ContainersAny', ...items(has('/type', 'ethernet')) })],
    [true, label({ key: 'zone', operator: 'In', value: ['B'] })],
    [true, label({ key: 'zone', operator: 'In', value: 'B' })],
    [true, { eligibilityRules: [{ labelSelector: { matchExpression: [{ key: 'zone', operator: 'Exists' }] } }] }],
    // What cannot be read never holds.
    [false, label({ key: 'zone', operator: 'Near', values: ['B'] })],
    [false, label({ operator: 'Exists' })],
    [false, { eligibilityRules: [{ labelSelector: {} }] }],
    [false, { eligibilityRules: [7] }],
    [false, { eligibilityRules: 7 }],
  ] as [boolean, JsonObject][])('%s: %j', (expected, constraints) => {
    const { eligible, reasons } = evaluate(constraints, device);
    expect({ eligible, silent: reasons.length === 0 }).toEqual({ eligible: expected, silent: expected });
    expect(evaluateEligibilityRules(constraints, device).eligible).toBe(expected);
  });
});

describe('rules', () => {
  const [yes, no] = [
    { key: 'zone', operator: 'Exists' },
    { key: 'zone', operator: 'DoesNotExist' },
  ];
  const select = (...matchExpressions: object[]) => ({ matchExpressions });
  it.each([
    [true, undefined],
    [true, {}],
    [false, { eligibilityRules: [] }],
    [true, { eligibilityRules: [{}] }],
    [true, { eligibilityRules: [{ labelSelector: select(no) }, { labelSelector: select(yes) }] }],
    [false, { eligibilityRules: [{ labelSelector: select(no) }, { labelSelector: select(no) }] }],
    [false, { eligibilityRules: [{ labelSelector: select(yes, no) }] }],
    [false, { eligibilityRules: [{ labelSelector: select(yes), propertySelector: select(yes) }] }],
    [true, { eligibilityRules: [{ labelSelector: select(yes), propertySelector: select({ ...yes, key: '/id' }) }] }],
  ] as [boolean, JsonObject | undefined][])('%s: %j', (expected, constraints) => {
    expect(evaluate(constraints, device).eligible).toBe(expected);
  });

  it('say of each rule what is not met', () => {
    const rules = {
      eligibilityRules: [
        { labelSelector: select(no) },
        { propertySelector: select({ key: '/os', operator: 'Exists' }) },
      ],
    };
    expect(evaluate(rules as unknown as JsonObject, device).reasons).toEqual([
      'rule 1: label zone is there, as "B"',
      'rule 2: property /os is not there',
    ]);
  });
});

describe('capacity', () => {
  it.each([
    [{ cpu: { cores: 4 } }, undefined],
    [{ cpu: { cores: 5 } }, 'no single cpu has 5 cores'],
    [{ cpu: { cores: 6 } }, 'no single cpu has 6 cores'],
    [{ cpu: { cores: 4, architectures: ['arm64'] } }, 'no single cpu has 4 cores of arm64'],
    [{ cpu: { cores: 2, architectures: ['arm64', 'arm'] } }, undefined],
    [{ cpu: { cores: 4, architectures: ['amd64'] } }, undefined],
    [{ cpu: { cores: 'many' } }, 'the required cpu cores "many" are no number'],
    [{ memory: '12Gi' }, undefined],
    [{ memory: '12289Mi' }, '12289Mi of memory are required; the device has 12 Gi'],
    [{ memory: 'lots' }, 'the required memory "lots" is no quantity'],
    [{ memory: 12 }, 'the required memory 12 is no quantity'],
    [{ storage: '1Pi' }, '1Pi of storage are required; the device has 200Gi'],
    [7, 'capacityRequirements is no object'],
  ])('%j', (capacityRequirements, reason) => {
    const { eligible, reasons } = evaluate({ capacityRequirements } as JsonObject, device);
    expect(eligible).toBe(reason === undefined);
    expect(reasons.join()).toContain(reason ?? '');
  });

  it('of a device that hosts nothing, and one whose numbers cannot be read', () => {
    const wants = { capacityRequirements: { cpu: { cores: 1 }, memory: '1Gi' } };
    expect(evaluate(wants, { properties: {}, labels: {} }).reasons).toEqual([
      'no single cpu has 1 cores; the device has none',
      '1Gi of memory are required; the device reports none',
    ]);
    const odd = { ...device, properties: { ...device.properties, memory: 'lots' } };
    expect(evaluate(wants, odd).reasons).toEqual(['the device\'s memory "lots" is no quantity such as 512Mi']);
  });

  it('comes first, and the device need not judge it', () => {
    const both = { capacityRequirements: { memory: '1Ti' }, ...label({ key: 'x', operator: 'Exists' }) };
    expect(evaluate(both, device).reasons).toEqual(['1Ti of memory are required; the device has 12 Gi']);
    expect(evaluateEligibilityRules(both, device).reasons).toEqual(['label x is not there']);
  });
});

describe('laws', () => {
  const value = fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 3 }), fc.boolean());
  const labels = fc.dictionary(fc.constantFrom('k', 'l'), value, { noNullPrototype: true });
  const holds = (expression: object, of: Record<string, string | number | boolean>) =>
    evaluate(label(expression), { properties: {}, labels: of }).eligible;

  it('NotIn is existing and not In; DoesNotExist is not Exists', () => {
    fc.assert(
      fc.property(labels, value, (of, one) => {
        const there = holds({ key: 'k', operator: 'Exists' }, of);
        expect(holds({ key: 'k', operator: 'DoesNotExist' }, of)).toBe(!there);
        const inside = holds({ key: 'k', operator: 'In', values: [one] }, of);
        expect(holds({ key: 'k', operator: 'NotIn', values: [one] }, of)).toBe(there && !inside);
        expect(inside).toBe(of['k'] === one);
      }),
    );
  });

  it('Gt, Lt and equality exclude each other', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (held, bound) => {
        expect(holds({ key: 'k', operator: 'Gt', values: [bound] }, { k: held })).toBe(held > bound);
        expect(holds({ key: 'k', operator: 'Lt', values: [bound] }, { k: held })).toBe(held < bound);
      }),
    );
  });

  it('more rules never make a device less eligible, more expressions never more', () => {
    const expression = fc.record({
      key: fc.constantFrom('k', 'l'),
      operator: fc.constantFrom('In', 'NotIn', 'Gt', 'Lt'),
      values: fc.tuple(value),
    });
    const rule = fc
      .array(expression, { maxLength: 3 })
      .map((matchExpressions) => ({ labelSelector: { matchExpressions } }));
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        rule,
        expression,
        labels,
        (rules, extra, more, of) => {
          const candidate = { properties: {}, labels: of };
          const eligible = (eligibilityRules: unknown) =>
            evaluate({ eligibilityRules } as JsonObject, candidate).eligible;
          if (eligible(rules)) expect(eligible([...rules, extra])).toBe(true);
          const narrower = { labelSelector: { matchExpressions: [...extra.labelSelector.matchExpressions, more] } };
          if (eligible([narrower])) expect(eligible([extra])).toBe(true);
        },
      ),
    );
  });

  it('never throws, and has a reason exactly when not eligible', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (rules, capacity) => {
        const constraints = { eligibilityRules: rules, capacityRequirements: capacity } as JsonObject;
        const { eligible, reasons } = evaluate(constraints, device);
        expect(eligible).toBe(reasons.length === 0);
      }),
    );
  });
});

describe('manager.placement', () => {
  const manager = definition.create({} as Parameters<typeof definition.create>[0]) as PlacementManager;
  function capabilities(over: object = {}, labels: DeviceCapabilities['labels'] = {}): DeviceCapabilities {
    const identity = { id: 'e', vendor: 'v', modelNumber: 'm', serialNumber: 's' };
    const hosting = { supportedRuntimes: ['oci'], supportedDeploymentTypes: ['compose', 'helm'], memory: '4Gi' };
    const reading = readCapabilities({ properties: { ...identity, ...hosting, ...over }, labels });
    if (reading.outcome !== 'ok') throw new Error(JSON.stringify(reading.faults));
    return reading.capabilities;
  }
  const profile = (id: string, type: DeployedProfile['type'], memory?: string): DeploymentProfile => ({
    ...{ id, type, components: [], extensions: {} },
    ...(memory !== undefined && { deviceConstraints: { capacityRequirements: { memory } } }),
  });

  it('wants the deployment type and its runtime', () => {
    expect(manager.assess(profile('a', 'compose'), capabilities())).toEqual({ eligible: true, reasons: [] });
    expect(manager.assess(profile('a', 'custom'), capabilities()).reasons).toEqual([
      'the device runs compose, helm, not custom',
    ]);
    expect(manager.assess(profile('a', 'helm'), capabilities({ supportedRuntimes: ['custom'] })).reasons).toEqual([
      'helm needs the runtime oci; the device has custom',
    ]);
    const custom = capabilities({ supportedRuntimes: ['custom'], supportedDeploymentTypes: ['custom'] });
    expect(manager.assess(profile('a', 'custom'), custom).eligible).toBe(true);
  });

  it('chooses the first that fits', () => {
    const profiles = [
      profile('a', 'custom'),
      profile('b', 'helm', '8Gi'),
      profile('c', 'compose', '4Gi'),
      profile('d', 'helm'),
    ];
    const choice = manager.choose(profiles, capabilities());
    expect(choice.profile?.id).toBe('c');
    expect(choice.assessed.map(({ eligibility }) => eligibility.eligible)).toEqual([false, false, true, true]);
    expect(manager.choose(profiles.slice(0, 2), capabilities()).profile).toBeUndefined();
  });

  it('finds devices by labels', () => {
    const devices = [
      { id: 1, capabilities: capabilities({}, { line: 7, os: ['linux', 'rt'] }) },
      { id: 2, capabilities: capabilities({}, { line: 7 }) },
      { id: 3, capabilities: undefined },
    ];
    const ids = (labels: Record<string, string | number>) => manager.candidates(devices, labels).map(({ id }) => id);
    expect(ids({ line: 7 })).toEqual([1, 2]);
    expect(ids({ line: 7, os: 'rt' })).toEqual([1]);
    expect(ids({ line: '7' })).toEqual([]);
    expect(ids({})).toEqual([1, 2, 3]);
  });
});
