import { join } from 'node:path';
import { defineProvider, StateProvider, z } from 'tutti/plugin';
import { LevelState } from './state.ts';

export default defineProvider({
  port: StateProvider,
  type: 'state.level',
  version: '1.0.0',
  summary: 'State in a LevelDB directory; survives kill -9 and power loss',
  host: '>=0.1.0',
  config: z.strictObject({
    directory: z
      .string()
      .min(1)
      .optional()
      .describe('Of the database; `state.level` in the data directory unless told'),
  }),
  needs: { files: 'reads and writes the directory that its config names, in the data directory unless told' },
  create: ({ config, dataDir, resolvePath }) =>
    new LevelState(config.directory === undefined ? join(dataDir, 'state.level') : resolvePath(config.directory)),
});
