import { describe, expect, it } from 'vitest';
import { noticesOf } from './event.js';

const digest = `sha256:${'a'.repeat(64)}`;
const place = { registry: 'harbor.test', repository: 'apps/line-1/pump' };
const repository = { name: 'line-1/pump', namespace: 'apps', repo_full_name: 'apps/line-1/pump', repo_type: 'private' };
const resource = { digest, tag: '1.0.0', resource_url: 'evil.test/apps/line-1/pump:1.0.0' };

// Both after the examples of Harbor's documentation.
const plain = (type: string, resources: readonly object[] = [resource]) => ({
  type,
  occur_at: 1_586_922_308,
  operator: 'admin',
  event_data: { resources, repository },
});
const cloud = (type: string, resources: readonly object[] = [resource]) => ({
  specversion: '1.0',
  id: '66e18103-09c1-41f6-982f-37df223f3eeb',
  requestid: '51c0b694-0168-4f3c-b0db-282565455d7b',
  source: '/projects/2/webhook/policies/15',
  type,
  datacontenttype: 'application/json',
  time: '2023-04-03T06:04:46Z',
  data: { resources, repository },
  operator: 'harbor-jobservice',
});
const read = (document: unknown) => noticesOf(document, 'harbor.test');

describe('an event of Harbor', () => {
  it.each([
    ['PUSH_ARTIFACT', plain('PUSH_ARTIFACT')],
    ['DELETE_ARTIFACT', plain('DELETE_ARTIFACT')],
    ['SCANNING_COMPLETED', plain('SCANNING_COMPLETED')],
    ['harbor.artifact.pushed', cloud('harbor.artifact.pushed')],
    ['harbor.artifact.deleted', cloud('harbor.artifact.deleted')],
    ['harbor.scan.completed', cloud('harbor.scan.completed')],
  ])('%s says where to look, and not at which host', (_, document) => {
    expect(read(document)).toEqual([{ ...place, tag: '1.0.0', digest }]);
  });

  it('may name a digest alone, as a scan does', () => {
    expect(read(plain('SCANNING_COMPLETED', [{ digest, scan_overview: {} }]))).toEqual([{ ...place, digest }]);
    expect(read(plain('PUSH_ARTIFACT', [{ digest, tag: digest }]))).toEqual([{ ...place, digest }]);
  });

  it('of another kind is no reason to look', () => {
    expect(read(plain('PULL_ARTIFACT'))).toEqual([]);
    expect(read(cloud('harbor.quota.exceeded'))).toEqual([]);
    expect(read({ type: 'REPLICATION', event_data: { replication: {} } })).toEqual([]);
  });

  it('that names nothing that can be looked at is none either', () => {
    expect(read(plain('PUSH_ARTIFACT', [{ tag: '../../etc' }, { digest: 'sha256:short' }, {}]))).toEqual([]);
    const elsewhere = { ...repository, repo_full_name: '../../v2' };
    expect(read({ ...plain('PUSH_ARTIFACT'), event_data: { resources: [resource], repository: elsewhere } })).toEqual(
      [],
    );
  });

  it.each([
    [null],
    ['text'],
    [[]],
    [{}],
    [{ type: 'PUSH_ARTIFACT' }],
    [{ specversion: '1.0', type: 'x' }],
    [plain('PUSH_ARTIFACT', Array(101).fill(resource))],
  ])('is not %j', (document) => {
    expect(read(document)).toBeUndefined();
  });
});
