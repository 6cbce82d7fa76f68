import { expect, it } from 'vitest';
import type { KubernetesObject } from '../kubernetes.js';
import { withRemovals } from './removed-fields.js';

const deployment = (container: object): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { template: { spec: { containers: [{ name: 'side' }, { name: 'main', ...container }] } } },
});
const set = { 'k:{"name":"main"}': { '.': {}, 'f:name': {}, 'f:readinessProbe': { 'f:exec': { 'f:command': {} } } } };
const fieldsV1 = { 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': set } } } };
const found = (manager: string): KubernetesObject => ({
  ...deployment({}),
  metadata: { name: 'web', managedFields: [{ manager, operation: 'Apply', fieldsV1 }] } as KubernetesObject['metadata'],
});

it('takes out what we had set and set no more', () => {
  expect(withRemovals(deployment({ image: 'a' }), found('tutti'))).toEqual(
    deployment({ image: 'a', readinessProbe: null }),
  );
});

it('is nothing where all is still there, or was somebody else', () => {
  expect(withRemovals(deployment({ readinessProbe: { exec: { command: [] } } }), found('tutti'))).toBeUndefined();
  expect(withRemovals(deployment({}), found('kubectl'))).toBeUndefined();
});
