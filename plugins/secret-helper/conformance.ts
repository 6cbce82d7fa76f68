import { join } from 'node:path';
import { conformance, systemClock } from 'tutti/testing';
import { helperStore } from './helper-store.ts';
import definition from './index.ts';

export default conformance({
  definition,
  config: { helper: 'kit', directory: './helper', timeoutSeconds: 60 },
  // A helper takes real time.
  clock: systemClock,
  secret: { store: (dataDir) => helperStore(join(dataDir, 'helper')) },
});
