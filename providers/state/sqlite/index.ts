import { join } from 'node:path';
import { defineProvider, StateProvider, z } from '../../../core/plugin/index.js';
import { SqliteState } from './state.js';

export { SqliteState } from './state.js';

export default defineProvider({
  port: StateProvider,
  type: 'state.sqlite',
  version: '1.0.0',
  summary: 'State in one SQLite file; survives kill -9 and power loss',
  needs: {
    files: 'Reads and writes the database file of its config, and beside it those of SQLite',
  },
  config: z.strictObject({
    file: z.string().min(1).optional().describe('The database file; `state.db` in the data directory unless told'),
    maxBytes: z
      .int()
      .min(1024 * 1024)
      .optional()
      .describe('How large the file may grow, in bytes; unlimited unless told'),
  }),
  create: ({ config, dataDir, resolvePath, log }) =>
    new SqliteState(
      {
        file: config.file === undefined ? join(dataDir, 'state.db') : resolvePath(config.file),
        maxBytes: config.maxBytes,
      },
      log,
    ),
});
