import { problems } from 'tutti/plugin';
import { conformance, memoryState } from 'tutti/testing';
import definition from './index.ts';

export default conformance({
  definition,
  // A store of its own for each case.
  uses: () => ({ uses: { state: memoryState() } }),
  // Calls in their order, at least one of each operation, and how they must be answered.
  samples: [
    { operation: 'my-vendor.read', input: { name: 'shift' }, problem: problems.notFound.type },
    { operation: 'my-vendor.write', input: { name: 'shift', text: 'oil the press' } },
    { operation: 'my-vendor.read', input: { name: 'shift' }, value: { name: 'shift', text: 'oil the press' } },
  ],
});
