import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { StateProvider, TargetProvider } from '../ports/index.js';
import {
  type Definition,
  defineBinding,
  defineManager,
  definePlugin,
  defineProvider,
  defineVendor,
} from './definition.js';
import { DefinitionRegistry, RegistrationError } from './registry.js';
import { didYouMean } from './suggest.js';

const create = (): never => {
  throw new Error('nothing is made');
};
const state = (type: string, more: { version?: string; host?: string } = {}): Definition =>
  defineProvider({ port: StateProvider, type, version: '1.0.0', ...more, create });

function refused(registry: DefinitionRegistry, name: string, definitions: readonly Definition[]): RegistrationError {
  try {
    registry.add(definePlugin(name, definitions), '1.4.0');
  } catch (error) {
    if (error instanceof RegistrationError) return error;
    throw error;
  }
  throw new Error('expected a RegistrationError');
}

describe('DefinitionRegistry', () => {
  it('finds definitions by type, kind and what they provide', () => {
    const registry = new DefinitionRegistry();
    const manager = defineManager({ type: 'manager.a', version: '1.0.0', create });
    registry.add(definePlugin('one', [state('state.b'), state('state.a'), manager]), '1.0.0');
    expect(registry.get('manager.a')).toBe(manager);
    expect(registry.get('toString')).toBeUndefined();
    expect(registry.pluginOf('state.a')).toBe('one');
    expect(registry.list().map(({ type }) => type)).toEqual(['manager.a', 'state.a', 'state.b']);
    expect(registry.list({ kind: 'manager' })).toEqual([manager]);
    expect(registry.list({ provides: StateProvider }).map(({ type }) => type)).toEqual(['state.a', 'state.b']);
    expect(registry.list({ kind: 'vendor' })).toEqual([]);
  });

  it('names both plugins of a duplicate, and registers nothing of the second', () => {
    const registry = new DefinitionRegistry();
    registry.add(definePlugin('one', [state('state.a')]), '1.0.0');
    const { violations } = refused(registry, 'two', [state('state.b'), state('state.a')]);
    expect(violations).toEqual([{ code: 'duplicate-type', message: '"state.a" of two is already defined by one' }]);
    expect(registry.get('state.b')).toBeUndefined();
    expect(registry.pluginOf('state.a')).toBe('one');
  });

  it('holds what a provider declares to its port, and says where it is wrong', () => {
    const type = { deploymentType: 'a', properties: z.object({}), changes: { properties: [], parameters: ['*'] } };
    const target = (declares: unknown) => ({
      ...defineProvider({ port: TargetProvider, type: 'target.a', version: '1.0.0', create }),
      declares,
    });
    const good = { components: [type], dryRun: false, parallel: 1 };
    new DefinitionRegistry().add(definePlugin('one', [target(good)]), '1.0.0');
    const faults = (declares: unknown) => refused(new DefinitionRegistry(), 'one', [target(declares)]).violations;
    const [rules] = faults({ ...good, components: [{ ...type, changes: { properties: '*', parameters: [] } }] });
    expect(rules?.code).toBe('malformed-declaration');
    expect(rules?.message).toMatch(
      /^target\.a of one: declares\.components\[0\]\.changes\.properties: expected a list, found "\*"$/,
    );
    expect(faults({ ...good, components: [{ ...type, properties: {} }] })).toMatchObject([
      { message: 'target.a of one: declares.components[0].properties: expected a zod schema' },
    ]);
    expect(faults({ ...good, components: [type, type] })).toMatchObject([
      { message: 'target.a of one: declares.components: expected each deployment type once' },
    ]);
    expect(faults('custom')).toMatchObject([{ code: 'malformed-declaration' }]);
  });

  it.each([
    ['a provider', state('store.a'), '"state."'],
    ['a provider with a prefix of the prefix', state('statesman.a'), '"state."'],
    ['a manager', defineManager({ type: 'state.a', version: '1.0.0', create }), '"manager."'],
    ['a vendor', defineVendor({ type: 'manager.a', version: '1.0.0', create }), '"vendor."'],
    ['a binding', defineBinding({ type: 'vendor.a', version: '1.0.0', create }), '"binding."'],
  ])('holds %s to its namespace', (_, definition, expected) => {
    const { violations } = refused(new DefinitionRegistry(), 'one', [definition]);
    expect(violations).toMatchObject([{ code: 'wrong-namespace', message: expect.stringContaining(expected) }]);
  });

  it.each([
    ['>=1.4.0 <2', true],
    ['^1', true],
    ['*', true],
    ['>=2', false],
    ['1.3.x', false],
    ['nonsense', false],
  ])('checks the host range %s', (host, fits) => {
    const registry = new DefinitionRegistry();
    if (fits) registry.add(definePlugin('one', [state('state.a', { host })]), '1.4.0');
    else
      expect(refused(registry, 'one', [state('state.a', { host })]).violations).toMatchObject([
        { code: 'host-version' },
      ]);
    expect(registry.get('state.a') !== undefined).toBe(fits);
  });

  it('lets a preview of a host count as the host', () => {
    const registry = new DefinitionRegistry();
    registry.add(definePlugin('one', [state('state.a', { host: '>=1.0.0' })]), '1.4.0-rc.1');
    expect(registry.get('state.a')).toBeDefined();
  });

  it('tells all violations of a plugin at once', () => {
    const { violations } = refused(new DefinitionRegistry(), 'one', [
      state('State A', { version: 'x' }),
      state('state.a'),
      state('state.a', { host: '>=9' }),
    ]);
    expect(violations.map(({ code }) => code)).toEqual([
      'malformed-type',
      'malformed-version',
      'host-version',
      'duplicate-type',
    ]);
  });

  it('keeps copies apart', () => {
    const registry = new DefinitionRegistry();
    const copy = new DefinitionRegistry(registry);
    copy.add(definePlugin('one', [state('state.a')]), '1.0.0');
    expect(registry.get('state.a')).toBeUndefined();
    expect(copy.get('state.a')).toBeDefined();
  });
});

describe('didYouMean', () => {
  it.each([
    ['state.sqlit', 'state.sqlite'],
    ['sqlite', 'state.sqlite'],
    ['State.Memory', 'state.memory'],
    ['tsl', 'tls'],
    ['', undefined],
    ['quantum.flux', undefined],
  ])('%s -> %s', (word, expected) => {
    expect(didYouMean(word, ['state.sqlite', 'state.memory', 'tls'])).toBe(expected);
  });

  it('has nothing to say without candidates', () => {
    expect(didYouMean('x', [])).toBeUndefined();
  });
});
