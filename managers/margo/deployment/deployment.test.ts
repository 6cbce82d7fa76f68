import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Deployment } from './deployment.js';
import { desiredApplication } from './desired.js';
import { readDeployment } from './read.js';
import { renderDeployment } from './render.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (rendered: Uint8Array) => new TextDecoder().decode(rendered);
const sample = (name: string) => readFileSync(new URL(`testdata/${name}.yaml`, import.meta.url));

function read(name: string): Deployment {
  const { deployment, faults } = readDeployment(sample(name));
  expect(faults).toEqual([]);
  if (!deployment) throw new Error(`${name} cannot be read`);
  return deployment;
}

describe('readDeployment', () => {
  it('reads the form of PR1', () => {
    expect(read('d1')).toMatchObject({
      id: 'a3e2f5dc-912e-494f-8395-52cf3769bc06',
      name: 'hello-deployment',
      namespace: 'acme',
      applicationId: 'com-acme-hello',
      profile: {
        type: 'helm',
        components: [
          { name: 'database', properties: { revision: '1.0.9', wait: true, timeout: '8m30s' } },
          { name: 'hello', properties: { revision: '1.0.9_7' } },
        ],
      },
      parameters: { adminName: { value: 'Some One' } },
    });
    expect(read('d1-compose').profile.components[0]?.properties).toEqual({
      packageLocation: 'https://files.acme.test/hello.tar.gz',
      keyLocation: 'https://files.acme.test/key.asc',
    });
  });

  it('reads the present form', () => {
    expect(read('d3')).toMatchObject({
      id: '1b0c7c1e-0a53-4a55-8a3b-3f7a6f0a1c22',
      deviceId: 'gw1/panel-3',
      labels: { line: '7' },
      applicationId: 'com-acme-line-monitor',
      profile: {
        type: 'compose',
        deviceConstraints: { capacityRequirements: { memory: '1024Mi', cpu: { cores: 1.5 } } },
        extensions: { 'x-acme-extensions': { zone: 'yes' } },
      },
    });
  });

  it.each([
    ['nothing', '', 'missing', ''],
    ['garbage', '{[', 'unreadable', ''],
    ['an alias', 'a: &a 1\nb: *a', 'alias', ''],
    ['no id', text(sample('d3')).replace(/^id:.*/, ''), 'missing', 'id'],
    ['an id that is a path', text(sample('d3')).replace(/^id:.*/, 'id: ../../etc'), 'bad-id', 'id'],
    ['no name', text(sample('d3')).replace('name: line-monitor-b, ', ''), 'missing', 'metadata.name'],
    ['no metadata', 'id: a\nspec: {}', 'missing', 'metadata'],
    ['no spec', 'id: a\nmetadata: {name: a}', 'missing', 'spec'],
    ['no profile', 'id: a\nmetadata: {name: a}\nspec: {}', 'missing', 'spec.deploymentProfile'],
    ['another kind', `kind: Pod\n${text(sample('d3'))}`, 'wrong-kind', 'kind'],
    [
      'another type',
      text(sample('d3')).replace('type: compose', 'type: snap'),
      'bad-type',
      'spec.deploymentProfile.type',
    ],
  ])('refuses %s', (_name, yaml, code, path) => {
    const { deployment, faults } = readDeployment(bytes(yaml));
    expect(deployment).toBeUndefined();
    expect(faults).toContainEqual(expect.objectContaining({ code, path }));
  });
});

describe('renderDeployment', () => {
  it('writes the form of PR1', () => {
    expect(text(renderDeployment(read('d1'), 'D1'))).toMatchInlineSnapshot(`
      "apiVersion: "application.margo.org/v1alpha1"
      kind: "ApplicationDeployment"
      metadata:
        annotations:
          applicationId: "com-acme-hello"
          id: "a3e2f5dc-912e-494f-8395-52cf3769bc06"
        name: "hello-deployment"
        namespace: "acme"
      spec:
        deploymentProfile:
          type: "helm.v3"
          components:
            - name: "database"
              properties:
                repository: "oci://reg.acme.test/charts/db"
                revision: "1.0.9"
                wait: "true"
                timeout: "8m30s"
            - name: "hello"
              properties:
                repository: "oci://reg.acme.test/charts/hello"
                revision: "1.0.9_7"
        parameters:
          adminName:
            targets:
              - components:
                  - "hello"
                pointer: "administrator.name"
            value: "Some One"
      "
    `);
    expect(text(renderDeployment(read('d1-compose'), 'D1'))).toMatchInlineSnapshot(`
      "apiVersion: "application.margo.org/v1alpha1"
      kind: "ApplicationDeployment"
      metadata:
        annotations:
          applicationId: "com-acme-hello"
          id: "ad9b614e-8912-45f4-a523-372358765def"
        name: "hello-compose"
        namespace: "acme"
      spec:
        deploymentProfile:
          type: "compose"
          components:
            - name: "hello"
              properties:
                packageLocation: "https://files.acme.test/hello.tar.gz"
                keyLocation: "https://files.acme.test/key.asc"
        parameters: {}
      "
    `);
  });

  it('writes the form of rc.2', () => {
    expect(text(renderDeployment(read('d3'), 'D2'))).toMatchInlineSnapshot(`
      "apiVersion: "margo.org/v1alpha1"
      kind: "ApplicationDeployment"
      id: "1b0c7c1e-0a53-4a55-8a3b-3f7a6f0a1c22"
      metadata:
        name: "line-monitor-b"
        namespace: "line-monitor"
        deviceId: "gw1/panel-3"
        labels:
          line: "7"
      spec:
        applicationId: "com-acme-line-monitor"
        deploymentProfile:
          type: "compose"
          components:
            - name: "monitor"
              properties:
                repository: "oci://reg.acme.test/compose/monitor"
                revision: "1.4.2"
                wait: false
                timeout: "5m0s"
              x-acme-extensions:
                gpu:
                  - 0
            - name: "late"
              properties:
                packageLocation: "oci://reg.acme.test:5000/compose/late:2.0.0"
          deviceConstraints:
            capacityRequirements:
              cpu:
                cores: 1.5
              memory: "1024Mi"
            eligibilityRules:
              - labelSelector:
                  matchExpressions:
                    - key: "line"
                      operator: "Exists"
          x-acme-extensions:
            zone: "yes"
        parameters:
          pollSeconds:
            targets:
              - components:
                  - "monitor"
                  - "late"
                pointer: "POLL_SECONDS"
              - components:
                  - "late"
                pointer: "OTHER"
            value: "30"
      "
    `);
  });

  it('comes back as it was', () => {
    expect(readDeployment(renderDeployment(read('d1'), 'D1')).deployment).toEqual(read('d1'));
    expect(readDeployment(renderDeployment(read('d1'), 'D2')).deployment).toEqual(read('d1'));
    const { unset: _unset, ...set } = read('d3').parameters;
    expect(readDeployment(renderDeployment(read('d3'), 'D2')).deployment).toEqual({ ...read('d3'), parameters: set });
    const first = { ...read('d3') };
    expect(readDeployment(renderDeployment(first, 'D1')).deployment?.profile.deviceConstraints).toBeUndefined();
  });

  it('keeps every value whatever it looks like, and does not depend on the order of keys', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('1.10', 'yes', 'no', 'null', '~', '0o17', '1:30', '2024-01-01', ' a ', 'a\nb', '#x', "'", '- a'),
    );
    const value = fc.oneof(
      word,
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
      fc.boolean(),
      fc.array(word, { minLength: 1 }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), value, { noNullPrototype: true }), (values) => {
        const entries = Object.entries(values).filter(([name]) => !/^\d+$/.test(name) && name !== '__proto__');
        const targets = [{ pointer: 'A', components: ['hello'] }];
        const make = (list: typeof entries) =>
          renderDeployment(
            { ...read('d1'), parameters: Object.fromEntries(list.map(([name, v]) => [name, { value: v, targets }])) },
            'D2',
          );
        const rendered = make(entries);
        expect(text(make(entries.toReversed()))).toBe(text(rendered));
        const back = readDeployment(rendered);
        expect(back.faults).toEqual([]);
        const found = Object.entries(back.deployment?.parameters ?? {}).map(([name, p]) => [name, p.value]);
        expect(Object.fromEntries(found)).toEqual(Object.fromEntries(entries));
        expect(parse(text(rendered))).toMatchObject({ kind: 'ApplicationDeployment' });
      }),
    );
  });
});

it('desiredApplication fills in defaults and sorts parameters by component', () => {
  expect(desiredApplication(read('d3'))).toEqual({
    id: '1b0c7c1e-0a53-4a55-8a3b-3f7a6f0a1c22',
    name: 'line-monitor-b',
    namespace: 'line-monitor',
    labels: { line: '7' },
    applicationId: 'com-acme-line-monitor',
    deploymentType: 'compose',
    components: [
      {
        name: 'monitor',
        repository: 'oci://reg.acme.test/compose/monitor',
        revision: '1.4.2',
        wait: false,
        timeout: 300_000,
        properties: { 'x-acme-extensions': { gpu: [0] } },
        parameters: { POLL_SECONDS: '30' },
      },
      {
        name: 'late',
        repository: 'oci://reg.acme.test:5000/compose/late',
        revision: '2.0.0',
        wait: true,
        timeout: 600_000,
        properties: {},
        parameters: { POLL_SECONDS: '30', OTHER: '30' },
      },
    ],
  });
  expect(desiredApplication(read('d1-compose')).components[0]).toMatchObject({
    repository: 'https://files.acme.test/hello.tar.gz',
    revision: '',
    properties: { keyLocation: 'https://files.acme.test/key.asc' },
  });
});
