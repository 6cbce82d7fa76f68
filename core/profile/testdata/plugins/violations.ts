import { defineProvider, defineVendor, StateProvider } from '../../../plugin/index.js';

const create = () => {
  throw new Error('loading makes nothing');
};

export default [
  defineProvider({ port: StateProvider, type: 'state.memory', version: '1.0.0', create }),
  defineProvider({ port: StateProvider, type: 'store.mine', version: '1.0.0', create }),
  defineProvider({ port: StateProvider, type: 'state.future', version: '1.0.0', host: '>=2', create }),
  defineProvider({ port: StateProvider, type: 'State Mine', version: '1.0.0', create }),
  defineProvider({ port: StateProvider, type: 'state.unversioned', version: 'one', create }),
  defineProvider({ port: StateProvider, type: 'state.anywhere', version: '1.0.0', host: 'not a range', create }),
  defineVendor({ type: 'vendor.twice', version: '1.0.0', create: () => ({}) }),
  defineVendor({ type: 'vendor.twice', version: '1.0.0', create: () => ({}) }),
];
