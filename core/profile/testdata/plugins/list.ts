import { defineVendor } from '../../../plugin/index.js';

export default [defineVendor({ type: 'vendor.listed', version: '1.0.0', create: () => ({}) })];
