import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// A busy machine is slow, not wrong: these only end what hangs.
const patience = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 60_000, interval: 20 } } };
const nowhere = ['**/node_modules/**', '**/dist/**', '**/.cache/**', '**/data/**'];

// Plugins of this repository are tested with the sources of `tutti`, not with what was built last.
const alias = [
  { find: 'tutti/plugin', replacement: join(import.meta.dirname, 'core/plugin/index.ts') },
  { find: 'tutti/testing', replacement: join(import.meta.dirname, 'core/testing/index.ts') },
];

const integration = '**/*.integration.test.ts';
const isolation = 'test/isolation/**/*.test.ts';

/** What takes long comes first, so that no core is idle while another is at the last of it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const projects = ['integration', 'isolation', 'unit'];
    const rank = ({ project }: TestSpecification): number => projects.indexOf(project.name);
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Unless told, one core is left to the runner, which has little to do: of two that is half of the machine.
    maxWorkers: availableParallelism(),
    projects: [
      {
        resolve: { alias },
        test: {
          ...patience,
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...nowhere, integration, isolation],
        },
      },
      {
        // Of what isolates run there is a bundle, made once and only when a file of this project is to run.
        resolve: {
          alias: [
            ...alias,
            { find: /^.*\/shipped\.js$/, replacement: join(import.meta.dirname, 'test/isolation/shipped.ts') },
          ],
        },
        test: {
          ...patience,
          name: 'isolation',
          include: [isolation],
          exclude: [...nowhere, integration],
          globalSetup: ['test/isolation/setup.ts'],
        },
      },
      {
        test: {
          ...patience,
          name: 'integration',
          include: [integration],
          exclude: nowhere,
          // Installs missing parts, once, and only when a file of this project is to run.
          globalSetup: ['test/parts/setup.ts'],
          pool: 'forks',
        },
      },
    ],
  },
});
