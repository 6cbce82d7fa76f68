import { conformance, memoryEvents, memoryState } from 'tutti/testing';
import definition from './index.ts';

export default conformance({
  definition,
  // Nothing is published, and so nothing posted.
  config: { url: 'http://localhost:8008/hooks', events: ['device.changed'], secretFile: './secret' },
  uses: () => ({ uses: { events: memoryEvents(), state: memoryState() } }),
});
