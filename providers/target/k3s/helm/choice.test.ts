import { expect, it } from 'vitest';
import { chooseWay, type Surroundings } from './choice.js';
import { parseHelmVersion } from './helm-version.js';

const k3s = { helmCharts: true, controller: true };
const plain = { helmCharts: false, controller: false };
const idle = { helmCharts: true, controller: false };
const helm = { path: 'helm', version: { major: 3, minor: 16 } };
const old = { path: '/opt/helm', version: { major: 3, minor: 12 } };
const missing = { missing: 'the program helm is not there' };

it.for<[string, Parameters<typeof chooseWay>[0], Surroundings, ReturnType<typeof chooseWay>]>([
  [
    'k3s as it is',
    'auto',
    { cluster: k3s, program: helm },
    { way: 'controller', reason: 'the cluster has a Helm controller (k3s)' },
  ],
  [
    'k3s without a helm program',
    'auto',
    { cluster: k3s, program: missing },
    { way: 'controller', reason: 'the cluster has a Helm controller (k3s)' },
  ],
  [
    'another Kubernetes',
    'auto',
    { cluster: plain, program: helm },
    { way: 'cli', reason: 'the cluster serves no HelmChart (helm.cattle.io/v1); helm is helm 3.16' },
  ],
  [
    'a definition that nobody acts on',
    'auto',
    { cluster: idle, program: helm },
    {
      way: 'cli',
      reason:
        'the cluster serves HelmChart, and nothing there acts on it (k3s with --disable-helm-controller?); helm is helm 3.16',
    },
  ],
  [
    'neither',
    'auto',
    { cluster: plain, program: missing },
    {
      fault:
        'the cluster serves no HelmChart (helm.cattle.io/v1), and the program helm is not there; use k3s with its Helm controller, or install helm 3 or 4',
    },
  ],
  [
    'the program asked for, on k3s',
    'cli',
    { cluster: k3s, program: helm },
    { way: 'cli', reason: "the profile's `helm.driver` says so; helm is helm 3.16" },
  ],
  [
    'the controller asked for, which is not there',
    'controller',
    { cluster: plain, program: helm },
    { fault: 'the cluster serves no HelmChart (helm.cattle.io/v1)' },
  ],
  ['the program asked for, which is not there', 'cli', { cluster: k3s, program: missing }, { fault: missing.missing }],
  [
    'a program that is too old',
    'cli',
    { cluster: k3s, program: old },
    { fault: '/opt/helm is helm 3.12, and 3.13 or a later one is needed' },
  ],
])('chooses for %s', ([, asked, surroundings, choice]) => {
  expect(chooseWay(asked, surroundings)).toEqual(choice);
});

it.for<[string, ReturnType<typeof parseHelmVersion>]>([
  ['v3.16.2', { major: 3, minor: 16 }],
  ['v4.0.0-rc.1+g1234', { major: 4, minor: 0 }],
  ['v3.21\n', { major: 3, minor: 21 }],
  ['<no value>', undefined],
  ['', undefined],
])('reads the version %j', ([output, version]) => {
  expect(parseHelmVersion(output)).toEqual(version);
});
