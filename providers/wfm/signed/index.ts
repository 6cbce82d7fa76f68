import { hostname } from 'node:os';
import { join } from 'node:path';
import { defineProvider, FleetManager, Transport, z } from '../../../core/plugin/index.js';
import { SignedFleetManager } from './client.js';
import { deviceIdentity } from './identity.js';

export default defineProvider({
  port: FleetManager,
  type: 'wfm.signed',
  version: '1.0.0',
  summary: 'Margo fleet manager with signed requests (preview 1 and early rc.2), over any transport',
  needs: {
    files: 'Reads the device certificate and key of its config',
  },
  config: z.strictObject({
    prefix: z.string().default('/api/v1').describe('Path of the device API on the other side'),
    name: z
      .string()
      .optional()
      .describe('Name in a certificate that the device makes for itself; the host name unless told'),
    certificate: z
      .string()
      .optional()
      .describe('PEM file of the device certificate; <data>/identity/device.crt unless told'),
    key: z.string().optional().describe('PEM file of its key; <data>/identity/device.key unless told'),
    timeoutSeconds: z.number().positive().max(600).default(30).describe('Time for one exchange'),
  }),
  uses: { transport: Transport },
  create: ({ config, uses, clock, dataDir, resolvePath }) =>
    new SignedFleetManager({
      transport: uses.transport,
      prefix: config.prefix,
      timeout: config.timeoutSeconds * 1000,
      clock,
      identity: () =>
        deviceIdentity(
          join(dataDir, 'identity'),
          config.name ?? hostname(),
          {
            ...(config.certificate !== undefined && { certificate: resolvePath(config.certificate) }),
            ...(config.key !== undefined && { key: resolvePath(config.key) }),
          },
          clock.now(),
        ),
    }),
});
