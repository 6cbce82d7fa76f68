import { join } from 'node:path';
import { defineProvider, FleetManager, z } from 'tutti/plugin';
import { Stick } from './stick.ts';

/**
 * What a line to a fleet manager promises is written at `FleetManager`. This one reads what the device shall run from a
 * folder, such as a stick that somebody carries: put the way to your fleet manager in place of stick.ts.
 */
export default defineProvider({
  port: FleetManager,
  type: 'wfm.my-wfm',
  version: '0.1.0',
  summary: 'What it does, in one line',
  config: z.strictObject({
    folder: z
      .string()
      .min(1)
      .optional()
      .describe('Where manifests come from and reports go; <data>/my-wfm unless told'),
    device: z.string().min(1).default('device').describe('What the fleet manager knows this device by'),
  }),
  needs: { files: 'Reads manifests and writes reports in the folder of its config' },
  // Makes, and does nothing yet: what may fail or takes time belongs into `start() {}`.
  create: ({ config, dataDir, resolvePath }) =>
    new Stick(config.folder === undefined ? join(dataDir, 'my-wfm') : resolvePath(config.folder), config.device),
});
