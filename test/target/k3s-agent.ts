/** An agent that applies one deployment: what a test may kill instead of itself. */
import { systemClock } from '../../core/host/clock.js';
import type { ArtifactRegistry, DesiredApplication, TargetProvider } from '../../core/ports/index.js';
import { testContext } from '../../core/testing/context.js';
import { registryOci } from '../../providers/registry/oci/index.js';
import { targetK3s } from '../../providers/target/k3s/index.js';

const [kubeconfig, url, config = '{}', application = '', component = '', dataDir = ''] = process.argv.slice(2);
const registry = await testContext<ArtifactRegistry>(registryOci, {
  clock: systemClock,
  config: { registries: [{ url }] },
});
const context = await testContext<TargetProvider>(targetK3s, {
  name: 'k3s',
  dataDir,
  clock: systemClock,
  config: { kubeconfig, deploymentTypes: ['custom'], ...(JSON.parse(config) as object) },
  uses: { registry: registry.instance },
});
await context.start();
process.stdout.write('started\n');
await context.instance.apply(JSON.parse(application) as DesiredApplication, component, {
  signal: new AbortController().signal,
  progress: (text) => process.stdout.write(`${text}\n`),
});
process.stdout.write('applied\n');
await context.dispose();
await registry.dispose();
