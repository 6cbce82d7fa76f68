import { expect, it } from 'vitest';
import { hostRefs } from '../core/host/index.js';
import { loadProfile, ProfileError } from '../core/profile/index.js';
import { builtinRegistry, tuttiVersion } from './profile.js';

const slots = {
  providers: [
    ...['state.sqlite', 'events.memory', 'secret.file', 'registry.oci', 'target.process', 'wfm.signed'],
    ...['transport.http', 'broker.aedes'],
  ],
  managers: ['manager.access', 'manager.catalog', 'manager.device', 'manager.reconcile', 'manager.sync'],
  vendors: ['vendor.agent', 'vendor.oci-registry', 'vendor.system'],
  bindings: ['binding.http'],
};

/** A profile of which every entry asks to stand apart. */
function profile(): string {
  const entry = (type: string): string =>
    `  ${type.replace('.', '-')}: { type: ${type}, isolation: process${configs[type] ?? ''} }`;
  const headings = Object.entries(slots).flatMap(([slot, types]) => [`${slot}:`, ...types.map(entry)]);
  return ['profile: apart', ...headings].join('\n');
}

const configs: Readonly<Record<string, string>> = {
  'secret.file': ', config: { directory: secrets }',
  'transport.http': ', config: { url: "https://127.0.0.1:9" }',
};

it('what of the built-ins cannot be isolated is told of each, with the reason', async () => {
  const options = { env: {}, registry: builtinRegistry(), hostVersion: tuttiVersion(), hostRefs };
  const error: unknown = await loadProfile('profile.yaml', { ...options, readFile: async () => profile() }).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProfileError)) throw new Error(`expected faults, found ${String(error)}`);
  expect(error.faults.map(({ message }) => message)).toMatchInlineSnapshot(`
    [
      "state.sqlite cannot be isolated: a store calls the index functions of its collections, which are in the host",
      "wfm.signed cannot be isolated: it uses "transport", which has no boundary: its calls only work within one thread",
      "transport.http cannot be isolated: it provides "transport", which has no boundary: its calls only work within one thread",
      "broker.aedes cannot be isolated: it provides "broker", which has no boundary: its calls only work within one thread",
      "manager.access cannot be isolated: it provides "manager.access", which has no boundary: its calls only work within one thread",
      "manager.catalog cannot be isolated: it provides "manager.catalog", which has no boundary: its calls only work within one thread",
      "manager.device cannot be isolated: it provides "manager.device", which has no boundary: its calls only work within one thread",
      "manager.reconcile cannot be isolated: it provides "manager.reconcile", which has no boundary: its calls only work within one thread",
      "manager.sync cannot be isolated: it provides "manager.sync", which has no boundary: its calls only work within one thread",
      "vendor.agent cannot be isolated: it uses "manager.sync", which has no boundary: its calls only work within one thread",
      "vendor.oci-registry cannot be isolated: its definition does not declare its operations",
      "vendor.system cannot be isolated: it uses "host.status", which has no boundary: its calls only work within one thread",
      "binding.http cannot be isolated: a binding hands calls to the host as they come",
    ]
  `);
});
