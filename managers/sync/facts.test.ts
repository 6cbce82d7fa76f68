import { expect, it } from 'vitest';
import type { TargetCapabilities, TargetRuntime } from '../../core/ports/index.js';
import { combinedFacts } from './facts.js';

const target = (runtime?: TargetRuntime): TargetCapabilities => ({
  components: [],
  runtimes: ['oci'],
  facts: { cpus: [], memory: '1Gi', storage: '1Gi', ...(runtime && { runtime }) },
  parallel: 1,
});
const containerd = { name: 'containerd', version: '1.4.13' };
const docker = { name: 'docker', version: '20.10.24' };

it.each([
  ['nothing where no target has one', [undefined], {}],
  [
    'the one that targets share',
    [undefined, docker, docker],
    { 'dev.tutti.container-runtime': 'docker', 'dev.tutti.container-runtime-version': '20.10.24' },
  ],
  [
    'several, each with its version at the same place',
    [containerd, docker],
    {
      'dev.tutti.container-runtime': ['containerd', 'docker'],
      'dev.tutti.container-runtime-version': ['1.4.13', '20.10.24'],
    },
  ],
])('a device is labelled with the runtimes of its targets: %s', (_what, runtimes, labels) => {
  expect(combinedFacts(runtimes.map(target)).labels).toEqual(labels);
});
