import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { type ReleaseRecord, readRecord, writtenRecord } from './record.js';

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'line' }, data: { a: 'b' } };
const record: ReleaseRecord = {
  format: 1,
  mark: { owner: 'tutti', application: { id: 'a', name: 'A' }, component: 'web' },
  namespace: 'line',
  state: 'deployed',
  current: { revision: '1.0.0', applied: 'f00', objects: [object] },
  ran: true,
  inventory: [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'line', name: 'c' }],
};

it('comes back as it was', () => {
  expect(readRecord(writtenRecord(record))).toEqual(record);
});

it('is not read from a Secret of another kind, and told when it is damaged', () => {
  const written = writtenRecord(record);
  expect(readRecord({ ...written, type: 'Opaque' })).toBeUndefined();
  expect(readRecord({ ...written, metadata: { name: 'x', namespace: 'line' } })).toBeUndefined();
  expect(() => readRecord({ ...written, data: { record: 'AAAA' } })).toThrow(/which says what web is, cannot be read/);
});

it('is refused when the cluster could not keep it', () => {
  const large = { ...object, data: { a: randomBytes(900_000).toString('base64') } };
  const too = { ...record, current: { revision: '1', applied: 'f', objects: [large] } };
  expect(() => writtenRecord(too)).toThrow(/when packed; the cluster keeps/);
});
