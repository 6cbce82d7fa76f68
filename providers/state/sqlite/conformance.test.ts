import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { test } from 'vitest';
import { cases, conformance } from '../../../core/testing/index.js';
import sqlite from './index.js';

// The sources are TypeScript, which the killed process has to read as well.
const typescript = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const sqliteConformance = conformance({
  definition: sqlite,
  secondConfig: { file: 'second.db' },
  state: { crash: { module: new URL('index.ts', import.meta.url).href, execArgv: ['--import', typescript] } },
});

for (const { name, run } of cases(sqliteConformance, { kills: 6 })) test(name, { timeout: 120_000 }, run);
