import { expect, it } from 'vitest';
import { nodeFacts } from './facts.js';
import type { KubernetesObject } from './kubernetes.js';
import { amountOf } from './quantity.js';

const node = (allocatable: object, nodeInfo: object, spec: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n' },
  spec,
  status: { allocatable, nodeInfo },
});
const info = { architecture: 'amd64', containerRuntimeVersion: 'containerd://1.6.20' };

it('offers what the nodes have left for workloads', () => {
  const nodes = [
    node({ cpu: '3800m', memory: '8052Mi', 'ephemeral-storage': '99289273344' }, info),
    node({ cpu: '2', memory: '4Gi', 'ephemeral-storage': '200Gi' }, { ...info, architecture: 'arm64' }),
    node({ cpu: '64', memory: '1Ti', 'ephemeral-storage': '9Ti' }, info, { unschedulable: true }),
  ];
  expect(nodeFacts(nodes)).toEqual({
    cpus: [
      { cores: 3.8, architecture: 'amd64' },
      { cores: 2, architecture: 'arm64' },
    ],
    memory: `${8052 * 1024}Ki`,
    storage: `${200 * 1024 * 1024}Ki`,
    runtime: { name: 'containerd', version: '1.6.20' },
  });
});

it('tells no runtime where the nodes have different ones, or tell none', () => {
  const other = { ...info, containerRuntimeVersion: 'docker://20.10.24' };
  expect(nodeFacts([node({}, info), node({}, other)]).runtime).toBeUndefined();
  expect(nodeFacts([node({}, { ...info, containerRuntimeVersion: '' })]).runtime).toBeUndefined();
  expect(nodeFacts([]).runtime).toBeUndefined();
});

it.each([
  ['4Gi', 4 * 2 ** 30],
  ['250m', 0.25],
  ['1e3', 1000],
  ['12E', 12e18],
  ['0', 0],
  ['4 Gi', undefined],
  ['much', undefined],
  ['', undefined],
])('reads %j as %j', (text, value) => {
  expect(amountOf(text)).toBe(value);
});
