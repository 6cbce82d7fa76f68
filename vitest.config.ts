import { defineConfig } from 'vitest/config';

const nowhere = ['**/node_modules/**', '**/dist/**', '**/.cache/**', '**/data/**'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...nowhere, '**/*.integration.test.ts'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: nowhere,
          // Installs missing parts, once, and only when a file of this project is to run.
          globalSetup: ['test/parts/setup.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
