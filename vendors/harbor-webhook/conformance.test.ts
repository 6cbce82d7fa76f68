import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { problems } from '../../core/plugin/index.js';
import { runCase, vendorKit, vendorSubjects } from '../../core/testing/index.js';
import type { IntakeManager } from '../../managers/intake/index.js';
import harborWebhook from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'tutti-webhook-'));
afterAll(() => rmSync(folder, { recursive: true }));
const secretFile = join(folder, 'secret');
writeFileSync(secretFile, 'of this test\n');

const intake: IntakeManager = { notice: async () => undefined, settled: async () => undefined };
const document = { type: 'PULL_ARTIFACT', event_data: { resources: [] } };

const make = vendorSubjects(harborWebhook, {
  config: { registry: 'harbor.test', secretFile },
  uses: { intake },
  samples: [{ operation: 'harbor.event', input: { document }, problem: problems.notAuthenticated.type }],
});

for (const each of vendorKit.cases) {
  test(`${each.level}: ${each.name}`, async ({ skip }) => {
    const report = await runCase(each, make);
    if (report.status === 'skipped') skip(report.reason);
    if (report.failure) throw report.failure.error;
    expect(report.status).toBe('passed');
  });
}
