import { expect, it } from 'vitest';
import type { KubernetesObject } from './kubernetes.js';
import { pullSecret, renewedPullSecret } from './pull-secret.js';

const mark = { owner: 'tutti', application: { id: 'a', name: 'A' }, component: 'web' };
const place = { mark, name: 'tutti-pull-web', namespace: 'line-a' };
const login = (host: string, password: string) => ({ host, username: 'press-7', password });
const before = pullSecret(place, [login('one.test', 'old'), login('two.test:5000', 'same')]);

const authsIn = (secret: KubernetesObject | undefined): unknown => {
  const { '.dockerconfigjson': text = '' } = (secret?.['data'] ?? {}) as Readonly<Record<string, string>>;
  return JSON.parse(Buffer.from(text, 'base64').toString());
};
const auth = (password: string) => ({
  ...{ username: 'press-7', password },
  auth: Buffer.from(`press-7:${password}`).toString('base64'),
});

it('holds what a kubelet reads, and says whose it is', () => {
  expect(before).toMatchObject({ kind: 'Secret', type: 'kubernetes.io/dockerconfigjson' });
  expect(before.metadata).toMatchObject({ name: 'tutti-pull-web', namespace: 'line-a' });
  expect(before.metadata.labels).toMatchObject({ 'tutti.dev/owner': 'tutti', 'tutti.dev/pulls': 'true' });
  expect(authsIn(before)).toEqual({ auths: { 'one.test': auth('old'), 'two.test:5000': auth('same') } });
  expect(JSON.stringify(before.metadata)).not.toContain('old');
});

it('is renewed for the registries that it is for, and keeps what nobody knows better', () => {
  const renewed = renewedPullSecret(before, [login('one.test', 'new'), login('three.test', 'not for it')]);
  expect(authsIn(renewed)).toEqual({ auths: { 'one.test': auth('new'), 'two.test:5000': auth('same') } });
  expect(renewed?.metadata).toEqual(before.metadata);
});

it('is left alone where it has the credentials of now, or nobody knows any', () => {
  expect(renewedPullSecret(before, [login('one.test', 'old'), login('two.test:5000', 'same')])).toBeUndefined();
  expect(renewedPullSecret(before, [])).toBeUndefined();
});

it.each<[string, KubernetesObject]>([
  ['an author has written', { ...before, metadata: { ...before.metadata, labels: marksWithout(before) } }],
  ['somebody has copied', { ...before, metadata: { ...before.metadata, annotations: { 'tutti.dev/component': 'x' } } }],
  ['is on its way out', { ...before, metadata: { ...before.metadata, deletionTimestamp: '2026-01-02T03:04:05Z' } }],
  ['is none any more', { ...before, data: { '.dockerconfigjson': Buffer.from('{"auths"').toString('base64') } }],
  ['is of another form', { ...before, data: { '.dockerconfigjson': Buffer.from('[]').toString('base64') } }],
  ['is empty', { ...before, data: {} }],
])('is left alone where it is one that %s', (_, secret) => {
  expect(renewedPullSecret(secret, [login('one.test', 'new')])).toBeUndefined();
});

function marksWithout({ metadata }: KubernetesObject): Readonly<Record<string, string>> {
  const { 'tutti.dev/pulls': _, ...labels } = metadata.labels ?? {};
  return labels;
}
