import { expect, it } from 'vitest';
import { serviceModels } from './service-model.js';

const first = { image: 'box:1', deploy: { update_config: { order: 'start-first' } } };
const beside = (services: object): string[] =>
  serviceModels({ services })
    .filter(({ startFirst }) => startFirst)
    .map(({ name }) => name);

it('tells the images, but of what is built, and how many containers there shall be', () => {
  const built = { image: 'mine', build: { context: '.' } };
  const services = { web: { image: 'box:1', pull_policy: 'always', deploy: { replicas: 2 } }, built };
  expect(serviceModels({ services })).toEqual([
    { name: 'web', image: 'box:1', pullAlways: true, startFirst: false, replicas: 2 },
    { name: 'built', pullAlways: false, startFirst: false, replicas: 1 },
  ]);
});

it('starts the new beside the old only where the author says so', () => {
  const last = { image: 'box:1', deploy: { update_config: { order: 'stop-first' } } };
  expect(beside({ a: first, b: { image: 'box:1' }, c: last })).toEqual(['a']);
});

it.each([
  ['a name of its own', { container_name: 'a' }],
  ['a port of the device', { ports: [{ target: 80, published: '8080' }] }],
  ['an address', { networks: { front: { ipv4_address: '10.0.0.2' } } }],
  ["the device's network", { network_mode: 'host' }],
])('starts nothing beside what has %s', (_what, more) => {
  expect(beside({ a: { ...first, ...more } })).toEqual([]);
});

it('takes no port from what has one that the engine chooses', () => {
  expect(beside({ a: { ...first, ports: [{ target: 80 }], networks: { front: null } } })).toEqual(['a']);
});

it.each([{ network_mode: 'service:a' }, { pid: 'service:a' }, { volumes_from: ['a:ro'] }])(
  'starts nothing beside what another service shares: %o',
  (shared) => {
    expect(beside({ a: first, b: { image: 'box:1', ...shared } })).toEqual([]);
  },
);
