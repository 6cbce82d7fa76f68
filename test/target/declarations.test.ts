import { describe, expect, it } from 'vitest';
import { builtinRegistry, tuttiVersion } from '../../cli/profile.js';
import type { Definition } from '../../core/plugin/index.js';
import {
  capabilitiesOf,
  componentFaults,
  type DesiredComponent,
  type TargetDeclaration,
  type TargetProvider,
} from '../../core/ports/index.js';
import { declaredKit, runKit, subjectsOf } from '../../core/testing/index.js';

const registry = builtinRegistry();
await registry.load(tuttiVersion());
const targets = registry.definitions().filter(({ type }) => type.startsWith('target.'));

const elsewhere = new Set(['target.docker', 'target.k3s']);

/** What each target that comes with tutti takes, and what it refuses before anything is done. */
describe('a built-in target', () => {
  const component: DesiredComponent = {
    name: 'main',
    repository: 'oci://registry.test/apps/main',
    revision: '1.0.0',
    wait: true,
    timeout: 1000,
    // As Margo has them: a key's place, and extensions of others that must not harm.
    properties: { keyLocation: 'https://keys.test/pump.pem', 'x-plant-extensions': { line: 4 } },
    parameters: { GREETING: 'hello', LIMITS: { low: 1, high: 2 } },
  };
  const faults = (type: string, parameters: DesiredComponent['parameters'] = component.parameters) => {
    const declares = registry.get(type)?.declares as TargetDeclaration | undefined;
    return declares?.components.flatMap((declared) => componentFaults({ ...component, parameters }, declared));
  };

  it.each(targets.map(({ type }) => type))('%s takes what a deployment may say of a component', (type) => {
    expect(faults(type)).toEqual([]);
  });

  it.each([
    ['target.process', '1ST'],
    ['target.process', 'ENV.X'],
    ['target.process', 'TUTTI_STATE_DIR'],
    ['target.docker', 'A=B'],
    ['target.docker', 'a b'],
    ['target.docker', ''],
    ['target.k3s', '1ST'],
  ])('%s refuses a parameter that cannot name a variable: %j', (type, name) => {
    expect(faults(type, { [name]: 'x' })).toEqual([expect.stringContaining(`parameters.${name}: the name: expected`)]);
  });

  it('target.process refuses text that no variable can hold', () => {
    expect(faults('target.process', { A: 'b\0' })).toEqual(['parameters.A: expected text without a NUL character']);
  });

  it.each(targets.map((definition) => [definition.type, definition]))(
    '%s is as it declares',
    async (type, definition) => {
      const report = await runKit(declaredKit(definition.declares as TargetDeclaration), subjects(definition));
      // No engine and no cluster is asked here; what `describe` of them answers is looked at where there are such.
      const askable = report.cases.filter(({ name }) => !elsewhere.has(type) || name.includes('preview'));
      expect(askable.map(({ failure }) => failure)).toEqual(askable.map(() => undefined));
    },
  );
});

describe('a target that is not as it declares', () => {
  const declares = registry.get('target.mock')?.declares as TargetDeclaration;
  const now = { runtimes: ['custom'], facts: { cpus: [{ cores: 1 }], memory: '1Gi', storage: '1Gi' } };
  const answering = (declared: TargetDeclaration) => ({ describe: async () => capabilitiesOf(declared, now) });

  it.each([
    [
      'forgets a rule',
      answering({
        ...declares,
        components: declares.components.map((type) => ({ ...type, changes: { properties: [], parameters: [] } })),
      }),
      'describes the types',
    ],
    [
      'runs more than it says',
      answering({ ...declares, components: declares.components.map((type) => ({ ...type, deploymentType: 'more' })) }),
      'describes the types',
    ],
    ['takes too much at once', answering({ ...declares, parallel: declares.parallel + 1 }), 'at once'],
    ['has no preview', { preview: undefined }, 'preview'],
  ] as const)('is found by name: it %s', async (_, broken, name) => {
    const definition = registry.get('target.mock') ?? expect.fail('there is no target.mock');
    const make = async () => {
      const subject = await subjects(definition)();
      Object.assign(subject.instance, broken);
      return subject;
    };
    const { cases } = await runKit(declaredKit(declares), make);
    expect(cases.filter(({ status }) => status === 'failed').map((one) => one.name)).toEqual([
      expect.stringContaining(name),
    ]);
  });
});

function subjects(definition: Definition) {
  const uses = Object.fromEntries(Object.keys(definition.uses).map((name) => [name, {}]));
  return subjectsOf<TargetProvider>(definition, { uses });
}
