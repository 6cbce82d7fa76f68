import { componentCapability, type TargetDeclaration, type TargetProvider } from '../../ports/index.js';
import type { Kit, KitCase } from '../kit.js';

/**
 * Whether targets are as their definition declares them.
 * @experimental
 */
export function declaredKit({ components, dryRun, parallel }: TargetDeclaration): Kit<TargetProvider> {
  const declared = components.map(componentCapability);
  const cases: readonly KitCase<TargetProvider>[] = [
    {
      name: 'describes the types of components that it declares, or some of them',
      level: 'basic',
      async run(trial) {
        const described = await trial.instance.describe();
        trial.holds('the types of components', described.components.length > 0, 'at least one', described.components);
        for (const type of described.components) {
          const known = declared.find(({ deploymentType }) => deploymentType === type.deploymentType);
          trial.equal(`the type ${type.deploymentType}`, type, known);
        }
      },
    },
    {
      name: 'works on no more components at once than it declares',
      level: 'basic',
      async run(trial) {
        const described = await trial.instance.describe();
        trial.holds('parallel', described.parallel <= parallel, `at most ${parallel}`, described.parallel);
      },
    },
    {
      name: 'has a preview exactly where it declares a dry run',
      level: 'basic',
      async run(trial) {
        trial.equal('whether there is a preview', trial.instance.preview !== undefined, dryRun);
      },
    },
  ];
  return Object.freeze({ port: 'target', cases });
}
