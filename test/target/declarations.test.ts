import { describe, expect, it } from 'vitest';
import { builtinRegistry, tuttiVersion } from '../../cli/profile.js';
import { componentFaults, type DesiredComponent, type TargetDeclaration } from '../../core/ports/index.js';

const registry = builtinRegistry();
await registry.load(tuttiVersion());
const targets = registry.definitions().filter(({ type }) => type.startsWith('target.'));

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
  ])('%s refuses a parameter that cannot name a variable: %j', (type, name) => {
    expect(faults(type, { [name]: 'x' })).toEqual([expect.stringContaining(`parameters.${name}: the name: expected`)]);
  });

  it('target.process refuses text that no variable can hold', () => {
    expect(faults('target.process', { A: 'b\0' })).toEqual(['parameters.A: expected text without a NUL character']);
  });
});
