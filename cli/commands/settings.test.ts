import { describe, expect, it } from 'vitest';
import { defineProvider, StateProvider, secret, z } from '../../core/plugin/index.js';
import { configJsonSchema } from '../../core/profile/index.js';
import { settingsOf } from './settings.js';

const create = (): never => {
  throw new Error('nothing is made');
};
const config = z.strictObject({
  url: z.url().describe('Where'),
  seconds: z.number().min(1).default(15).describe('How long'),
  mode: z.enum(['a', 'b']).default('a'),
  password: secret(z.string()).optional(),
  limits: z.strictObject({ bytes: z.int().default(1024) }).prefault({}),
  registries: z.array(z.strictObject({ url: z.string(), on: z.boolean().optional() })).default([]),
});
const definition = defineProvider({ port: StateProvider, type: 'state.x', version: '1.0.0', config, create });

describe('settingsOf', () => {
  it('makes a line of each setting, of nested ones too', () => {
    const lines = settingsOf(configJsonSchema(definition)).map(({ name, type, preset, about }) =>
      [name, type, preset, about].join('|'),
    );
    expect(lines).toEqual([
      'url|string|required|Where',
      'seconds|number|15|How long',
      'mode|a | b|"a"|',
      'password|secret||',
      'limits.bytes|integer|1024|',
      'registries|list of object|[]|',
      'registries[].url|string|required|',
      'registries[].on|boolean||',
    ]);
  });
});
