import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../kubernetes.js';
import { releaseKey } from '../marks.js';
import { inOrder } from './order.js';
import { type Preparation, preparedObject, pullSecretOf } from './prepared.js';

const preparation: Preparation = {
  mark: { owner: 'tutti', application: { id: 'a', name: 'A' }, component: 'web' },
  namespace: 'line',
  variables: { A: '1' },
  pullSecret: 'pull',
  logins: [{ host: 'reg.test:5000' }],
};
const labels = { 'tutti.dev/owner': 'tutti', 'tutti.dev/release': releaseKey('tutti', 'a', 'web') };

const deployment = (image: string): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { own: 'yes' } },
  spec: {
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'main',
            image,
            env: [
              { name: 'A', value: '0' },
              { name: 'B', value: '$(A)' },
            ],
          },
        ],
        initContainers: [{ name: 'init', image: 'other.test/x' }],
      },
    },
  },
});
const namespaced = { namespaced: true };

describe('an object', () => {
  it('is marked, and so are its pods', () => {
    const made = preparedObject(deployment('other.test/web'), namespaced, preparation);
    expect(made.metadata).toMatchObject({ namespace: 'line', labels: { own: 'yes', ...labels } });
    expect(made.metadata.annotations).toEqual({
      'tutti.dev/application': 'a',
      'tutti.dev/application-name': 'A',
      'tutti.dev/component': 'web',
    });
    expect(made).toMatchObject({ spec: { template: { metadata: { labels: { app: 'web', ...labels } } } } });
  });

  it('tells every container of the variables, before its own that may refer to them', () => {
    const made = preparedObject(deployment('other.test/web'), namespaced, preparation);
    expect(made).toMatchObject({
      spec: {
        template: {
          spec: {
            containers: [
              {
                env: [
                  { name: 'A', value: '1' },
                  { name: 'B', value: '$(A)' },
                ],
              },
            ],
            initContainers: [{ env: [{ name: 'A', value: '1' }] }],
          },
        },
      },
    });
  });

  it('has no namespace where its kind has none', () => {
    const role: KubernetesObject = { apiVersion: 'v1', kind: 'X', metadata: { name: 'r' } };
    expect(preparedObject(role, { namespaced: false }, preparation).metadata).not.toHaveProperty('namespace');
  });

  it('names the protocols of ports, which older clusters ask for', () => {
    const service: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }] },
    };
    expect(preparedObject(service, namespaced, preparation)).toMatchObject({
      spec: {
        ports: [
          { port: 80, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    });
  });
});

describe('the pull secret', () => {
  const logins = [{ host: 'reg.test:5000', username: 'ada', password: 'correct' }];
  const secrets = (image: string) => {
    const made = preparedObject(deployment(image), namespaced, preparation);
    return { made, secrets: pullSecretOf([made], logins, preparation) };
  };

  it('is made for images of registries with credentials, and given to the pod', () => {
    const { made, secrets: found } = secrets('reg.test:5000/apps/web:1');
    expect(made).toMatchObject({ spec: { template: { spec: { imagePullSecrets: [{ name: 'pull' }] } } } });
    expect(found).toMatchObject([
      { kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', metadata: { name: 'pull', namespace: 'line', labels } },
    ]);
    const auth = Buffer.from('ada:correct').toString('base64');
    const auths = { 'reg.test:5000': { username: 'ada', password: 'correct', auth } };
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
    expect(found).toMatchObject([{ data }]);
  });

  it('is not made for others', () => {
    const { made, secrets: found } = secrets('reg.test:5000.evil.test/web');
    expect(found).toEqual([]);
    expect(JSON.stringify(made)).not.toContain('imagePullSecrets');
  });
});

it('what others need comes before them', () => {
  const kinds = ['Ingress', 'Deployment', 'Foo', 'Service', 'ConfigMap', 'CustomResourceDefinition', 'Namespace'];
  expect(
    inOrder(
      kinds.map((kind) => ({ kind })),
      (object) => object,
    ).map(({ kind }) => kind),
  ).toEqual(['Namespace', 'CustomResourceDefinition', 'ConfigMap', 'Service', 'Foo', 'Deployment', 'Ingress']);
});
