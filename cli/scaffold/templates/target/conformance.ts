import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesiredApplication, Json } from 'tutti/plugin';
import { conformance, systemClock } from 'tutti/testing';
import definition from './index.ts';
import { Platform } from './platform.ts';

/** A deployment of one component. */
function deployment(
  id: string,
  version: string,
  repository = 'oci://samples.example/hello',
  properties: Readonly<Record<string, Json>> = {},
): DesiredApplication {
  const component = { name: 'main', repository, revision: '1.0.0', wait: true, timeout: 3_600_000 };
  const components = [{ ...component, properties, parameters: { version } }];
  return { id, name: id, applicationId: 'hello', deploymentType: 'custom', components };
}

export default conformance({
  definition,
  target: {
    // The platform by the other door: as an operator with a shell would see it.
    platform: (_target, dataDir) => {
      const folder = join(dataDir, 'my-target');
      const platform = new Platform(folder, systemClock);
      return {
        application: (id, version) => deployment(id, version),
        missing: (id) => deployment(id, '1', 'oci://samples.example/nowhere'),
        stuck: (id) => deployment(id, '1', 'oci://samples.example/hello', { startsAfter: 3_600_000 * 24 }),
        running: async (id, component) => {
          const workload = await platform.read(id, component);
          return workload?.phase === 'running' ? [String(workload.parameters['version'])] : [];
        },
        starts: async (id, component) => (await platform.read(id, component))?.starts ?? 0,
        crash: async (id, component) => {
          const workload = await platform.read(id, component);
          if (workload) await platform.write({ ...workload, phase: 'failed' });
        },
        leftovers: () => readdir(folder),
      };
    },
  },
});
