import { join } from 'node:path';
import { defineProvider, FleetManager, PullCredentials, z } from '../../../core/plugin/index.js';
import { CredentialFile } from './file.js';
import { HandedCredentials } from './handed.js';

/** `pull-credentials.wfm`: what the fleet manager hands to this device. */
export const pullCredentialsWfm = defineProvider({
  port: PullCredentials,
  type: 'pull-credentials.wfm',
  version: '1.0.0',
  summary: 'Asks the fleet manager for what this device pulls with, and keeps it for as long as it is good',
  needs: {
    files: 'Keeps the credentials in a file of its data directory that its user alone can read',
  },
  config: z.strictObject({
    keep: z
      .enum(['file', 'memory'])
      .default('file')
      .describe(
        'Where credentials are kept: in a file, so that a device that starts while the fleet manager is away can pull; or in memory only',
      ),
  }),
  uses: { fleet: FleetManager },
  create: ({ name, config: { keep }, uses: { fleet }, clock, log, dataDir }) => {
    const directory = join(dataDir, name);
    const file = keep === 'file' ? new CredentialFile(directory) : undefined;
    return new HandedCredentials({ fleet, clock, log, ...(file && { file }) });
  },
});

export default pullCredentialsWfm;
