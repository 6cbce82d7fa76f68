import { expect, it } from 'vitest';
import {
  clusterArguments,
  rollbackArguments,
  type UpgradeRequest,
  uninstallArguments,
  upgradeArguments,
} from './arguments.js';

const request: UpgradeRequest = {
  release: 'web-1',
  namespace: 'line-a',
  chart: { chart: 'oci://reg.example/charts/web', version: '1.2.3' },
  valuesFile: '/s/values.json',
  registryConfig: '/s/registry.json',
  insecure: 'no',
  history: 5,
  labels: { 'tutti.dev/owner': 'tutti', 'tutti.dev/digest': 'abc' },
  milliseconds: 90_500,
};

it('installs or upgrades, and neither waits nor goes back unless told', () => {
  expect(upgradeArguments({ major: 3, minor: 16 }, request).join(' ')).toBe(
    'upgrade web-1 oci://reg.example/charts/web --install --version 1.2.3 --namespace line-a ' +
      '--values /s/values.json --labels tutti.dev/owner=tutti,tutti.dev/digest=abc --history-max 5 --registry-config /s/registry.json ' +
      '--timeout 91s',
  );
});

it.for<[number, string]>([
  [3, '--atomic'],
  [4, '--rollback-on-failure'],
])('waits and goes back as helm %i has it', ([major, flag]) => {
  const args = upgradeArguments({ major, minor: 20 }, { ...request, wait: { goesBack: true } });
  expect(args.slice(-4)).toEqual([flag, '--wait', '--timeout', '91s']);
});

it('waits without going back where nothing was before', () => {
  const wait = { goesBack: false };
  const args = upgradeArguments({ major: 3, minor: 20 }, { ...request, wait });
  expect(args).toContain('--wait');
  expect(args).not.toContain('--atomic');
});

it('takes a digest as it is, and what the operator says of certificates', () => {
  const args = upgradeArguments(
    { major: 3, minor: 16 },
    { ...request, chart: { chart: 'oci://r/c@sha256:0' }, caFile: '/ca.pem', insecure: 'plain-http' },
  );
  expect(args).not.toContain('--version');
  expect(args).toEqual(expect.arrayContaining(['--ca-file', '/ca.pem', '--plain-http']));
});

it('goes back, uninstalls, and says where the cluster is', () => {
  expect(
    rollbackArguments({ release: 'w', namespace: 'n', revision: 2, history: 5, milliseconds: 2_000 }).join(' '),
  ).toBe('rollback w 2 --namespace n --history-max 5 --timeout 2s');
  expect(uninstallArguments({ release: 'w', namespace: 'n', milliseconds: 1_000 }).join(' ')).toBe(
    'uninstall w --namespace n --ignore-not-found --wait --cascade=foreground --timeout 1s',
  );
  expect(clusterArguments({ kubeconfig: '/k', context: 'c', ca: '/ca' }).join(' ')).toBe(
    '--kubeconfig /k --kube-context c --kube-ca-file /ca',
  );
  expect(clusterArguments({})).toEqual([]);
});
