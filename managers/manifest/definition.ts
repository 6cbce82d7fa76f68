import { defineManager, StateProvider, z } from '../../core/plugin/index.js';
import { DeviceManager } from '../device/index.js';
import { ManifestManager } from './index.js';
import { StoredManifests } from './manager.js';

const mebibyte = 1024 * 1024;

export default defineManager({
  type: 'manager.manifest',
  version: '1.0.0',
  summary: "Each device's desired state as bytes, prepared at change time",
  provides: ManifestManager,
  config: z.strictObject({
    basePath: z
      .string()
      .regex(/^(\/[A-Za-z0-9._~-]+)*$/, 'must be empty or begin with a slash and not end with one')
      .default('/api/v1')
      .describe('Path of the device vendor, the same as in its entry: the addresses in a manifest begin with it'),
    cacheMiB: z.int().min(1).default(64).describe('Memory for bundles and deployments that devices fetch, in MiB'),
  }),
  uses: { state: StateProvider, devices: DeviceManager },
  create: ({ uses, config, clock, log }) =>
    new StoredManifests({ ...uses, clock, log, basePath: config.basePath, cacheBytes: config.cacheMiB * mebibyte }),
});
