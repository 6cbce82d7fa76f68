import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// A busy machine is slow, not wrong: these only end what hangs.
const patience = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 30_000, interval: 20 } } };
const nowhere = ['**/node_modules/**', '**/dist/**', '**/.cache/**', '**/data/**'];

// Plugins of this repository are tested with the sources of `tutti`, not with what was built last.
const resolve = {
  alias: {
    'tutti/plugin': join(import.meta.dirname, 'core/plugin/index.ts'),
    'tutti/testing': join(import.meta.dirname, 'core/testing/index.ts'),
  },
};

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          ...patience,
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...nowhere, '**/*.integration.test.ts'],
        },
      },
      {
        test: {
          ...patience,
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: nowhere,
          // Installs missing parts, once, and only when a file of this project is to run.
          globalSetup: ['test/parts/setup.ts'],
          pool: 'forks',
        },
      },
    ],
  },
});
