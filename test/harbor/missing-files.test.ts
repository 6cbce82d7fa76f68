import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Definition } from '../../core/plugin/index.js';
import { recordingLogger, type TestContext, testContext } from '../../core/testing/index.js';
import type { IntakeManager } from '../../managers/intake/index.js';
import credentialsHarbor from '../../providers/credentials/harbor/index.js';
import registryHarbor from '../../providers/registry/harbor/index.js';
import harborWebhook from '../../vendors/harbor-webhook/index.js';

const intake: IntakeManager = { notice: async () => undefined, settled: async () => undefined };
const account = { url: 'https://harbor.test', ca: 'ca.crt', username: 'tutti', passwordFile: 'password' };

const entries: readonly [Definition, object, Readonly<Record<string, unknown>>, readonly string[]][] = [
  [registryHarbor, account, {}, ['ca.crt (`ca`)', 'password (`passwordFile`)']],
  [credentialsHarbor, { ...account, project: 'apps' }, {}, ['ca.crt (`ca`)', 'password (`passwordFile`)']],
  [harborWebhook, { registry: 'harbor.test', secretFile: 'secret' }, { intake }, ['secret (`secretFile`)']],
];

let made: TestContext<object> | undefined;
afterEach(() => made?.dispose());

it.each(entries)('$type starts without its files, and names each with its setting', async (definition, ...rest) => {
  const [config, uses, files] = rest;
  const log = recordingLogger();
  made = await testContext(definition, { config, uses, log });
  await made.start();
  expect(log.lines.map(({ level }) => level)).toEqual(files.map(() => 'warn'));
  for (const [index, file] of files.entries()) {
    expect(log.lines[index]?.message).toContain(`${file} is not there (yet)`);
    expect(log.lines[index]?.message).toContain('harbor.test');
  }
});

it.each(entries)('$type says nothing of files that are there', async (definition, config, uses) => {
  const log = recordingLogger();
  made = await testContext(definition, { config, uses, log });
  for (const file of ['ca.crt', 'password', 'secret']) await writeFile(join(made.dataDir, file), 'of this test\n');
  await made.start();
  expect(log.lines).toEqual([]);
});
