import { defineProvider, SecretProvider, z } from '../../../core/plugin/index.js';
import { SecretFiles } from './files.js';

export default defineProvider({
  port: SecretProvider,
  type: 'secret.file',
  version: '1.0.0',
  summary: 'Secrets as files of a directory, the way that Docker and Kubernetes mount them; read at each use',
  config: z.strictObject({
    directory: z
      .string()
      .min(1)
      .describe(
        'Directory with a file for each secret, named like it; parts of a name between slashes are directories',
      ),
    readableByOthers: z
      .enum(['warn', 'allow'])
      .default('warn')
      .describe('What to say of a secret that every user of this machine may read: `warn` makes the health degraded'),
  }),
  needs: { files: 'Reads the files in its `directory`' },
  create: ({ config, resolvePath }) =>
    new SecretFiles(resolvePath(config.directory), config.readableByOthers === 'warn'),
});
