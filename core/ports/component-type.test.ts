import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type ComponentType,
  capabilitiesOf,
  componentCapability,
  componentFaults,
  type DesiredComponent,
} from './index.js';

const type: ComponentType = {
  deploymentType: 'script',
  properties: z.strictObject({
    port: z.int().min(1).max(65_535),
    mode: z.enum(['fast', 'slow']).default('fast'),
    start: z
      .string()
      .refine((text) => text !== 'never', 'expected a time to start at')
      .optional(),
  }),
  parameters: z.record(z.string().regex(/^[A-Z]+$/), z.json()),
  changes: { properties: ['port'], parameters: ['*'] },
};

function component(properties: DesiredComponent['properties'], parameters: DesiredComponent['parameters'] = {}) {
  const repository = 'oci://registry.test/apps/web';
  return { name: 'web', repository, revision: '1.0.0', wait: true, timeout: 1000, properties, parameters };
}

describe('componentFaults', () => {
  it.each([
    ['as declared', type],
    ['as data that went through JSON', JSON.parse(JSON.stringify(componentCapability(type))) as typeof type],
  ])('tells what is wrong and where, and no value: %s', (_, declared) => {
    expect(componentFaults(component({ port: 80 }, { GREETING: { any: ['json', 1, null] } }), declared)).toEqual([]);
    expect(componentFaults(component({}), declared)).toEqual([
      'properties.port: expected a number, and there is nothing',
    ]);
    const wrong = component({ port: 0, mode: 'hasty', speed: 1 }, { lower: 'a secret' });
    expect(componentFaults(wrong, declared)).toEqual([
      'properties.port: expected at least 1',
      'properties.mode: expected one of "fast", "slow"',
      'properties: Unrecognized key: "speed"',
      'parameters.lower: the name: expected text that matches /^[A-Z]+$/',
    ]);
  });

  it('checks what only code can only where there is code', () => {
    const never = component({ port: 80, start: 'never' });
    expect(componentFaults(never, type)).toEqual(['properties.start: expected a time to start at']);
    expect(componentFaults(never, componentCapability(type))).toEqual([]);
  });

  it('takes any parameters where nothing is declared of them', () => {
    const { parameters: _, ...anything } = type;
    for (const declared of [anything, componentCapability(anything)]) {
      expect(componentFaults(component({ port: 80 }, { 'a b': 1 }), declared)).toEqual([]);
    }
  });
});

describe('capabilitiesOf', () => {
  const declaration = { components: [type, { ...type, deploymentType: 'query' }], dryRun: false, parallel: 8 };
  const now = { runtimes: ['custom'], facts: { cpus: [{ cores: 1 }], memory: '1Gi', storage: '1Gi' } };
  const types = (capabilities: ReturnType<typeof capabilitiesOf>) =>
    capabilities.components.map(({ deploymentType }) => deploymentType);

  it('is what is declared, unless the config of the target has less', () => {
    const all = capabilitiesOf(declaration, now);
    expect({ types: types(all), parallel: all.parallel }).toEqual({ types: ['script', 'query'], parallel: 8 });
    const some = capabilitiesOf(declaration, { ...now, parallel: 2, deploymentTypes: ['query', 'unheard-of'] });
    expect({ types: types(some), parallel: some.parallel }).toEqual({ types: ['query'], parallel: 2 });
    expect(capabilitiesOf(declaration, { ...now, parallel: 99 }).parallel).toBe(8);
  });

  it('is plain data that can go to another process', () => {
    const capabilities = capabilitiesOf(declaration, now);
    expect(structuredClone(capabilities)).toEqual(capabilities);
    expect(capabilities.components[0]?.properties).toMatchObject({ type: 'object', required: ['port'] });
  });
});
