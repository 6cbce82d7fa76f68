import { problems } from 'tutti/plugin';
import { conformance, memoryState } from 'tutti/testing';
import definition from './index.ts';

const device = 'pump-1';

export default conformance({
  definition,
  uses: () => ({ uses: { state: memoryState() } }),
  samples: [
    { operation: 'maintenance.list', value: { items: [] } },
    { operation: 'maintenance.open', input: { device, lasts: '2h', reason: 'new bearings' } },
    { operation: 'maintenance.open', input: { device, lasts: '1d' }, problem: problems.conflict.type },
    { operation: 'maintenance.list' },
    { operation: 'maintenance.watch' },
    { operation: 'maintenance.close', input: { device } },
    { operation: 'maintenance.close', input: { device }, problem: problems.notFound.type },
    { operation: 'maintenance.list', as: 'viewer', value: { items: [] } },
  ],
});
