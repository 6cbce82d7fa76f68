import { defineProvider, StateProvider } from '../../../core/plugin/index.js';
import { MemoryState } from './state.js';

export { MemoryState } from './state.js';

export default defineProvider({
  port: StateProvider,
  type: 'state.memory',
  version: '1.0.0',
  summary: 'State in the memory of the host; lost when it stops',
  create: () => new MemoryState(),
});
