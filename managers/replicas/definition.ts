import { defineManager, StateProvider, z } from '../../core/plugin/index.js';
import { ReplicaManager } from './index.js';
import { mustBeSame, readFingerprints } from './same.js';

export default defineManager({
  type: 'manager.replicas',
  version: '1.0.0',
  summary:
    'Sees to it that all replicas on one state are the same fleet manager to devices: the same CAs, or none starts',
  provides: ReplicaManager,
  needs: {
    files: 'Reads the certificates that its config names',
  },
  config: z.strictObject({
    certificates: z
      .record(
        z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a name of lower-case letters, digits and dashes'),
        z.string().min(1),
      )
      .describe('PEM files whose certificates must be the same at all replicas, each by a name of your choice'),
  }),
  uses: { state: StateProvider },
  create: ({ uses: { state }, config: { certificates }, resolvePath, log }) => ({
    start: async () => {
      for (const [name, file] of Object.entries(certificates)) {
        const path = resolvePath(file);
        await mustBeSame(state, name, { path, fingerprints: await readFingerprints(path) }, log);
      }
    },
  }),
});
