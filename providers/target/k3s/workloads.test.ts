import { expect, it } from 'vitest';
import { isLasting } from './workloads.js';

it('does not miss a Job, which its time to live takes away, nor what runs no pods', () => {
  const kinds = [
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'batch/v1', kind: 'Job' },
    { apiVersion: 'batch/v1', kind: 'CronJob' },
    { apiVersion: 'v1', kind: 'ConfigMap' },
  ];
  expect(kinds.filter(isLasting).map(({ kind }) => kind)).toEqual(['Deployment', 'CronJob']);
});
