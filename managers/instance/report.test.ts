import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeploymentState, StatusReport } from '../../core/ports/index.js';
import type { InstanceRecord } from './index.js';
import { applyReport } from './report.js';

const instance: InstanceRecord = {
  id: 'i',
  name: 'pump',
  namespace: 'default',
  labels: {},
  packageId: 'p',
  applicationId: 'a',
  version: '1',
  clientId: 'c',
  deviceId: 'd',
  profileId: 'compose',
  values: {},
  operation: 'DEPLOY',
  state: 'PENDING',
  createdAt: 1,
  updatedAt: 1,
};
const report = (state: DeploymentState): StatusReport => ({ deploymentId: 'i', state, components: [] });
const stateAfter = (present: InstanceRecord, state: DeploymentState) => {
  const next = applyReport(present, report(state), 2);
  return next === 'removed' ? next : next.state;
};
const reported: DeploymentState[] = ['pending', 'installing', 'installed', 'failed', 'removing', 'removed'];

describe('applyReport', () => {
  it('follows a deployment through its life', () => {
    expect(reported.map((state) => stateAfter(instance, state))).toEqual([
      'PENDING',
      'INSTALLING',
      'INSTALLED',
      'FAILED',
      'REMOVING',
      'REMOVED',
    ]);
    const updating: InstanceRecord = { ...instance, operation: 'UPDATE', state: 'UPDATING' };
    expect(reported.slice(0, 4).map((state) => stateAfter(updating, state))).toEqual([
      'UPDATING',
      'UPDATING',
      'INSTALLED',
      'FAILED',
    ]);
  });

  it('keeps a deleted deployment deleted, whatever comes late', () => {
    const deleted: InstanceRecord = { ...instance, operation: 'DELETE', state: 'REMOVING' };
    expect(reported.map((state) => stateAfter(deleted, state))).toEqual([
      ...Array.from({ length: 5 }, () => 'REMOVING'),
      'removed',
    ]);
  });

  it('keeps components and errors, and takes nothing twice', () => {
    const failed: StatusReport = {
      deploymentId: 'i',
      state: 'failed',
      error: { code: 'x', source: 'pump', message: 'no space' },
      components: [{ name: 'main', state: 'failed' }],
    };
    const once = applyReport(instance, failed, 2);
    expect(once).toMatchObject({ state: 'FAILED', report: failed, reportedAt: 2, updatedAt: 2 });
    if (once === 'removed') throw new Error('it was not removed');
    expect(applyReport(once, structuredClone(failed), 3)).toBe(once);
  });

  it('is idempotent for every walk', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...reported)), fc.constantFrom('DEPLOY', 'UPDATE'), (walk, operation) => {
        let now: InstanceRecord = { ...instance, operation };
        for (const state of walk) {
          const next = applyReport(now, report(state), 2);
          if (next === 'removed') throw new Error('nobody deleted it');
          expect(applyReport(next, report(state), 3)).toBe(next);
          now = next;
        }
      }),
    );
  });
});
