import { describe, expect, it } from 'vitest';
import { defineProvider, StateProvider, type TargetDeclaration, TargetProvider, z } from '../../core/plugin/index.js';
import { componentsText } from './explain-components.js';

const create = (): never => {
  throw new Error('nothing is made');
};
const target = (declares?: TargetDeclaration) =>
  defineProvider({ port: TargetProvider, type: 'target.x', version: '1.0.0', create, ...(declares && { declares }) });

describe('componentsText', () => {
  it('shows each type of component, what may be said of it, and what makes it out of date', () => {
    const script = {
      deploymentType: 'script',
      properties: z.object({ interpreter: z.string().default('sh').describe('What runs it'), file: z.string() }),
      parameters: z.record(z.string().describe('Variable'), z.json()),
      changes: { properties: ['file'], parameters: ['*'] },
    };
    const query = {
      deploymentType: 'query',
      properties: z.looseObject({}),
      changes: { properties: [], parameters: [] },
    };
    const text = componentsText(target({ components: [script, query], dryRun: true, parallel: 2 }));
    expect(text).toBe(
      `
Runs at most 2 at the same time; can say beforehand what it would do.

Components of type script:
  NAME                    TYPE    DEFAULT   ABOUT
  properties.interpreter  string  "sh"      What runs it
  properties.file         string  required
  parameters.*            any               Variable
  Out of date when the artifact changes, the property file, any parameter.

Components of type query:
  Out of date when the artifact changes.`.trim(),
    );
  });

  it('has nothing to say of what declares no components', () => {
    expect(componentsText(target())).toBeUndefined();
    expect(
      componentsText(defineProvider({ port: StateProvider, type: 'state.x', version: '1.0.0', create })),
    ).toBeUndefined();
  });
});
