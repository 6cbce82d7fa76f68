import { conformance } from 'tutti/testing';
import definition from './index.ts';

/**
 * What stands behind it is another entry's affair. Once it speaks with registries itself, let the kit run some for it:
 * `registry: { config: ({ url, credentials }) => ... }`.
 */
const behind = new Proxy({}, { get: (_, call) => () => Promise.reject(new Error(`${String(call)} was called`)) });

export default conformance({ definition, uses: { behind } });
