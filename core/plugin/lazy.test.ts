import { describe, expect, it } from 'vitest';
import { ref, StateProvider } from '../ports/index.js';
import { type Definition, defineManager, definePlugin, defineProvider } from './definition.js';
import { DefinitionRegistry, type LazyPlugin, RegistrationError } from './registry.js';

const create = (): never => {
  throw new Error('nothing is made');
};
const state: Definition = defineProvider({ port: StateProvider, type: 'state.a', version: '1.0.0', create });
const manager: Definition = defineManager({
  type: 'manager.b',
  version: '1.0.0',
  provides: ref<object>('manager.b'),
  create,
});

function lazily(...definitions: readonly Definition[]): { readonly plugin: LazyPlugin; readonly loaded: string[] } {
  const loaded: string[] = [];
  const load = (definition: Definition) => async (): Promise<Definition> => {
    loaded.push(definition.type);
    return definition;
  };
  const entries = definitions.map((definition) => [definition.type, load(definition)] as const);
  return { loaded, plugin: { name: 'lazy', definitions: Object.fromEntries(entries) } };
}

describe('announced definitions', () => {
  it('are known, and proposed, without being loaded', () => {
    const { plugin, loaded } = lazily(state, manager);
    const registry = new DefinitionRegistry();
    registry.announce(plugin);
    expect(registry.list().map(({ type }) => type)).toEqual(['manager.b', 'state.a']);
    expect(registry.list({ kind: 'provider' }).map(({ type }) => type)).toEqual(['state.a']);
    expect(registry.list({ provides: StateProvider }).map(({ type }) => type)).toEqual(['state.a']);
    expect(registry.list({ provides: ref('manager.b') }).map(({ type }) => type)).toEqual(['manager.b']);
    expect(registry.suggest('state.aa')).toBe('state.a');
    expect(registry.pluginOf('state.a')).toBe('lazy');
    expect(registry.get('state.a')).toBeUndefined();
    expect(registry.definitions()).toEqual([]);
    expect(loaded).toEqual([]);
  });

  it('are loaded by name, each once; unknown names are passed over', async () => {
    const { plugin, loaded } = lazily(state, manager);
    const registry = new DefinitionRegistry();
    registry.announce(plugin);
    await registry.load('1.0.0', ['state.a', 'state.a', 'state.nowhere']);
    await registry.load('1.0.0', ['state.a']);
    expect(loaded).toEqual(['state.a']);
    expect(registry.get('state.a')).toBe(state);
    expect(registry.get('manager.b')).toBeUndefined();
    await registry.load('1.0.0');
    expect(registry.definitions()).toEqual([manager, state]);
  });

  it('of a copy are loaded there alone', async () => {
    const registry = new DefinitionRegistry();
    registry.announce(lazily(state).plugin);
    const copy = new DefinitionRegistry(registry);
    await copy.load('1.0.0', ['state.a']);
    expect(copy.get('state.a')).toBe(state);
    expect(registry.get('state.a')).toBeUndefined();
  });

  it('keep their type from others, and others keep theirs', () => {
    const registry = new DefinitionRegistry();
    registry.announce(lazily(state).plugin);
    expect(() => registry.add(definePlugin('other', [state]), '1.0.0')).toThrow('already defined by lazy');
    expect(() => registry.announce({ ...lazily(state).plugin, name: 'third' })).toThrow('already defined by lazy');
  });

  it.each([
    ['another type', 'state.b', state],
    ['another kind', 'manager.a', state],
    [
      'another ref',
      'manager.c',
      defineManager({ type: 'manager.c', version: '1.0.0', provides: ref<object>('else'), create }),
    ],
    ['a host range that does not fit', 'state.d', { ...state, type: 'state.d', host: '>=2' }],
  ])('are refused when the module holds %s', async (_, type, found) => {
    const registry = new DefinitionRegistry();
    registry.announce({ name: 'lazy', definitions: { [type]: async () => found } });
    await expect(registry.load('1.0.0', [type])).rejects.toThrow(RegistrationError);
    expect(registry.get(type)).toBeUndefined();
  });
});
