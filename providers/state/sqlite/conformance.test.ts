import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { StateProvider } from '../../../core/plugin/index.js';
import { runCase, stateKit, subjectsOf } from '../../../core/testing/index.js';
import sqlite from './index.js';

// The sources are TypeScript, which the killed process has to read as well.
const typescript = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const make = subjectsOf<StateProvider>(sqlite, {
  crash: { module: new URL('index.ts', import.meta.url).href, execArgv: ['--import', typescript] },
});

for (const each of stateKit.cases) {
  test(`${each.level}: ${each.name}`, { timeout: 120_000 }, async ({ skip }) => {
    const report = await runCase(each, make, { kills: 6 });
    if (report.status === 'skipped') skip(report.reason);
    if (report.failure) throw report.failure.error;
    expect(report.status).toBe('passed');
  });
}
