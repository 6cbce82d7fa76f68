import { capabilitiesOf, componentDigest, defineProvider, TargetFault, TargetProvider, z } from 'tutti/plugin';

export const component = {
  deploymentType: 'custom',
  properties: z.looseObject({}),
  changes: { properties: ['*'], parameters: ['*'] },
};
const declares = { components: [component], dryRun: false, parallel: 1 };

/** A platform that "runs" a component by greeting it. What it greeted is its actual state, until the host stops. */
export default defineProvider({
  port: TargetProvider,
  type: 'target.hello',
  version: '1.0.0',
  summary: 'Greets components instead of running them',
  host: '>=0.1.0',
  config: z.strictObject({ greeting: z.string().default('hello').describe('What to say') }),
  declares,
  create: ({ config, log }) => {
    const greeted = new Map();
    return {
      describe: async () =>
        capabilitiesOf(declares, {
          runtimes: ['custom'],
          facts: { cpus: [{ cores: 1 }], memory: '1Gi', storage: '1Gi' },
        }),
      actual: async () =>
        [...greeted.values()].map(({ id, name, components }) => ({ id, name, components: [...components.values()] })),
      apply: async (application, componentName, { signal }) => {
        signal.throwIfAborted();
        const { id, name, deploymentType } = application;
        const desired = application.components.find((component) => component.name === componentName);
        if (deploymentType !== component.deploymentType || !desired) {
          throw new TargetFault('unsupported', `${componentName} of ${id} is nothing to greet`, false);
        }
        const known = greeted.get(id) ?? { id, name, components: new Map() };
        const applied = componentDigest(desired, component.changes);
        if (known.components.get(componentName)?.applied === applied) return;
        log.info(`${config.greeting}, ${componentName}`);
        greeted.set(id, known);
        known.components.set(componentName, { name: componentName, phase: 'running', applied });
      },
      remove: async ({ id }, componentName, _purge, { signal }) => {
        signal.throwIfAborted();
        const known = greeted.get(id);
        known?.components.delete(componentName);
        if (known?.components.size === 0) greeted.delete(id);
      },
      watch: async function* () {
        // Nothing here changes by itself.
      },
      logs: async () => [],
    };
  },
});
