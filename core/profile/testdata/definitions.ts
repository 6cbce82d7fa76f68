import {
  ArtifactRegistry,
  type Definition,
  defineBinding,
  defineManager,
  defineProvider,
  defineVendor,
  EventBus,
  every,
  optional,
  ref,
  StateProvider,
  secret,
  z,
} from '../../plugin/index.js';
import { DefinitionRegistry } from '../../plugin/registry.js';

/** Nothing of what these definitions make is ever used: profiles are read, not run. */
const nothing = (): never => {
  throw new Error('a profile is checked without making anything of it');
};

export const Catalog = ref<object>('catalog');
export const Instances = ref<object>('instances');
export const HostStatus = ref<object>('host-status');

const harborConfig = z.object({
  url: z.url(),
  project: z.string().min(3),
  password: secret(z.string().min(8)).optional(),
  tls: z.object({ ca: z.string().optional(), verify: z.boolean().default(true) }).optional(),
  mirrors: z.array(z.object({ url: z.url(), weight: z.int().optional() })).default([]),
  login: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('basic'), user: z.string(), pass: secret(z.string()) }),
      z.object({ kind: z.literal('bearer'), token: secret(z.string()) }),
    ])
    .optional(),
});

export const definitions: readonly Definition[] = [
  defineProvider({ port: StateProvider, type: 'state.memory', version: '1.0.0', create: nothing }),
  defineProvider({
    port: StateProvider,
    type: 'state.sqlite',
    version: '1.0.0',
    config: z.object({ file: z.string().optional() }),
    create: nothing,
  }),
  defineProvider({
    port: StateProvider,
    type: 'state.cached',
    version: '1.0.0',
    uses: { behind: StateProvider },
    create: nothing,
  }),
  defineProvider({ port: EventBus, type: 'events.memory', version: '1.0.0', create: nothing }),
  defineProvider({
    port: ArtifactRegistry,
    type: 'registry.harbor',
    version: '1.0.0',
    config: harborConfig,
    create: nothing,
  }),
  defineManager({
    provides: Catalog,
    type: 'manager.catalog',
    version: '1.0.0',
    config: z.object({ strict: z.boolean().default(false) }),
    uses: { store: StateProvider, registry: ArtifactRegistry },
    create: nothing,
  }),
  defineManager({
    provides: Instances,
    type: 'manager.instance',
    version: '1.0.0',
    uses: { store: StateProvider, catalog: optional(Catalog), events: optional(EventBus) },
    create: nothing,
  }),
  defineManager({
    provides: ref<object>('ping'),
    type: 'manager.ping',
    version: '1.0.0',
    uses: { pong: ref('pong') },
    create: nothing,
  }),
  defineManager({
    provides: ref<object>('pong'),
    type: 'manager.pong',
    version: '1.0.0',
    uses: { ping: ref('ping') },
    create: nothing,
  }),
  defineManager({
    type: 'manager.mirror',
    version: '1.0.0',
    uses: { from: every(ArtifactRegistry) },
    create: nothing,
  }),
  defineVendor({ type: 'vendor.operator', version: '1.0.0', uses: { instances: Instances }, create: nothing }),
  defineVendor({ type: 'vendor.system', version: '1.0.0', uses: { status: HostStatus }, create: nothing }),
  defineBinding({
    type: 'binding.http',
    version: '1.0.0',
    config: z.object({
      port: z.int().min(1).max(65_535).default(8443),
      host: z.string().default('127.0.0.1'),
      bodyLimit: z.union([z.string(), z.number()]).optional(),
      log: z.enum(['all', 'errors', 'none']).default('errors'),
      headers: z.record(z.string(), z.string()).default({}),
    }),
    create: nothing,
  }),
];

export function testRegistry(): DefinitionRegistry {
  const registry = new DefinitionRegistry();
  registry.add({ name: 'built-in', definitions }, '0.1.0');
  return registry;
}
