import { defineConfig } from 'vitest/config';

// A busy machine is slow, not wrong: these only end what hangs.
const patience = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 30_000, interval: 20 } } };
const nowhere = ['**/node_modules/**', '**/dist/**', '**/.cache/**', '**/data/**'];

export default defineConfig({
  test: {
    projects: [
      {
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
