import { definePlugin, defineVendor } from '../../../plugin/index.js';

export default definePlugin('pair-of-vendors', [
  defineVendor({ type: 'vendor.left', version: '1.0.0', create: () => ({}) }),
  defineVendor({ type: 'vendor.right', version: '1.0.0', create: () => ({}) }),
]);
