import { conformance, memoryState } from 'tutti/testing';
import definition from './index.ts';

// A store of its own for each case.
export default conformance({ definition, uses: () => ({ uses: { state: memoryState() } }) });
