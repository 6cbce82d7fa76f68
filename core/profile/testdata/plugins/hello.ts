import { defineProvider, StateProvider } from '../../../plugin/index.js';

export default defineProvider({
  port: StateProvider,
  type: 'state.hello',
  version: '1.0.0',
  host: '>=0.1.0 <1',
  create: () => {
    throw new Error('loading makes nothing');
  },
});
