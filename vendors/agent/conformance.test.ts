import { expect, test } from 'vitest';
import { Problem, problems } from '../../core/plugin/index.js';
import { runCase, vendorKit, vendorSubjects } from '../../core/testing/index.js';
import type { ReconcileManager } from '../../managers/reconcile/index.js';
import type { SyncManager } from '../../managers/sync/index.js';
import agent from './index.js';

const sync: Pick<SyncManager, 'status'> = {
  status: () => ({
    clientId: 'client-1',
    manifestVersion: 3,
    lastContact: Date.UTC(2026, 0, 1),
    trouble: 'it is away',
  }),
};
const reconcile: Pick<ReconcileManager, 'statuses' | 'logs'> = {
  statuses: () => [
    {
      name: 'pump',
      report: { deploymentId: 'd-1', state: 'installing', components: [{ name: 'main', state: 'pending' }] },
      doing: 'installs main',
      retryAt: Date.UTC(2026, 0, 2),
    },
  ],
  async logs(id, component, lines) {
    if (id !== 'd-1' || component !== 'main') throw new Problem(problems.notFound, `nothing of ${id} is here`);
    return ['first', 'second'].slice(-lines);
  },
};

const make = vendorSubjects(agent, {
  uses: { sync, reconcile },
  samples: [
    { operation: 'agent.status' },
    { operation: 'agent.logs', input: { id: 'd-1', component: 'main' } },
    { operation: 'agent.logs', input: { id: 'd-1', component: 'main', lines: 1 } },
    { operation: 'agent.logs', input: { id: 'd-2', component: 'main' }, problem: problems.notFound.type },
  ],
});

for (const each of vendorKit.cases) {
  test(`${each.level}: ${each.name}`, async ({ skip }) => {
    const report = await runCase(each, make);
    if (report.status === 'skipped') skip(report.reason);
    if (report.failure) throw report.failure.error;
    expect(report.status).toBe('passed');
  });
}
