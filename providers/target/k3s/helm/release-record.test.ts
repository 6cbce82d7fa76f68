import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../kubernetes.js';
import { expectedWorkloads, keepingVolumes, manifestObjects, workloadNamespaces } from './manifest.js';
import { encodePayload, type ReleaseStatus, revisionsOf } from './release-record.js';
import { remedyFor } from './remedy.js';

function secret(revision: number, status: ReleaseStatus, more: object = {}): KubernetesObject {
  const release = {
    name: 'web-1',
    namespace: 'line-a',
    version: revision,
    info: { status, description: `said of ${revision}` },
    chart: { metadata: { name: 'web', version: `1.0.${revision}` } },
    config: { a: 1 },
    manifest: '',
    ...more,
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `sh.helm.release.v1.web-1.v${revision}`, namespace: 'line-a', labels: { status } },
    data: { release: encodePayload(release) },
  };
}

const history = (...statuses: readonly ReleaseStatus[]) =>
  revisionsOf(
    statuses.map((status, at) => secret(at + 1, status)),
    'web-1',
    'line-a',
  );

it('reads what Helm has stored, the newest first, and of that release alone', () => {
  const broken = { ...secret(9, 'failed'), data: { release: 'bm90aGluZw==' } };
  const other = secret(8, 'deployed', { name: 'web-10' });
  const found = revisionsOf([secret(2, 'superseded'), secret(10, 'deployed'), broken, other], 'web-1', 'line-a');
  expect(found.map(({ revision }) => revision)).toEqual([10, 2]);
  expect(found[0]).toMatchObject({
    status: 'deployed',
    description: 'said of 10',
    chartVersion: '1.0.10',
    values: { a: 1 },
  });
});

it.for<[readonly ReleaseStatus[], object | undefined]>([
  [[], undefined],
  [['deployed'], undefined],
  [['superseded', 'deployed'], undefined],
  [['deployed', 'failed'], undefined],
  [['failed'], undefined],
  [['pending-install'], { kind: 'uninstall' }],
  [['failed', 'pending-upgrade'], { kind: 'uninstall' }],
  [['superseded', 'deployed', 'pending-upgrade'], { kind: 'rollback', revision: 2 }],
  [['deployed', 'failed', 'pending-rollback'], { kind: 'rollback', revision: 1 }],
  [['superseded', 'uninstalling'], { kind: 'uninstall' }],
])('heals %j', ([statuses, remedy]) => {
  const found = remedyFor(history(...statuses));
  if (remedy === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(remedy);
});

const manifest = `---
# Source: web/templates/claim.yaml
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, annotations: { a: "yes" } }
spec: { resources: { requests: { storage: 1Gi } } }
---
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
---
apiVersion: batch/v1
kind: Job
metadata: { name: once, namespace: other }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: other }
`;

it('knows which workloads have to be there', () => {
  expect(expectedWorkloads(manifest, 'line-a')).toEqual([
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'line-a' },
    { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', namespace: 'other' },
  ]);
});

it('knows of the namespace of a Job, which does not have to be there', () => {
  const job = JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once', namespace: 'jobs' } });
  expect(expectedWorkloads(job, 'line-a')).toEqual([]);
  expect(workloadNamespaces(`${manifest}\n---\n${job}`)).toEqual(['other', 'jobs']);
});

it('has Helm keep the volume claims, and changes nothing else', () => {
  const kept = keepingVolumes(manifest) ?? '';
  const [, ...before] = manifestObjects(manifest) ?? [];
  const [claim, ...after] = manifestObjects(kept) ?? [];
  expect(claim?.metadata.annotations).toEqual({ a: 'yes', 'helm.sh/resource-policy': 'keep' });
  expect(after).toEqual(before);
  expect(keepingVolumes(kept)).toBeUndefined();
  expect(keepingVolumes('')).toBeUndefined();
});

it('takes a list for what is in it', () => {
  const items = parseAllDocuments(manifest).map((document): unknown => document.toJS());
  const several = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: items.filter((each) => each !== null) });
  expect(expectedWorkloads(several, 'line-a')).toEqual(expectedWorkloads(manifest, 'line-a'));
  expect(manifestObjects(keepingVolumes(several) ?? '')).toEqual(manifestObjects(keepingVolumes(manifest) ?? ''));
});

/** Each line names the one before ten times. */
const bomb = Array.from({ length: 9 }, (_, at) => `- &a${at} [${at === 0 ? 'x' : Array(10).fill(`*a${at - 1}`)}]`);

it.for<[string, string]>([
  ['aliases that multiply', bomb.join('\n')],
  ['a nesting without end', '['.repeat(100_000)],
  ['no YAML', '"'],
])('knows nothing of a manifest of %s, and changes nothing in it', ([, text]) => {
  expect(expectedWorkloads(text, 'line-a')).toBeUndefined();
  expect(keepingVolumes(text)).toBeUndefined();
  expect(keepingVolumes(`# PersistentVolumeClaim\n${text}`)).toBe('unreadable');
});
