import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { builtins } from '../../cli/builtins.js';
import { HostStatus } from '../../core/host/status.js';
import { ensureDeviceCa } from '../../core/identity/index.js';
import type { Definition } from '../../core/plugin/index.js';
import { demandOf } from '../../core/plugin/use.js';
import {
  formatReport,
  lifecycleKit,
  lifecycleSubjects,
  type MadeUses,
  runKit,
  testContext,
} from '../../core/testing/index.js';

/** Somebody else makes it. */
const secrets = await mkdtemp(join(tmpdir(), 'tutti-secrets-'));
const authority = await mkdtemp(join(tmpdir(), 'tutti-authority-'));
await ensureDeviceCa(authority, Date.now());
afterAll(() => Promise.all([secrets, authority].map((directory) => rm(directory, { recursive: true }))));

/** What a profile has to say of those that need to be told. */
const configs: Readonly<Record<string, unknown>> = {
  'binding.grpc': { tls: 'off', port: 0 },
  'binding.http': { tls: 'off', port: 0 },
  'broker.aedes': { tls: 'off', port: 0 },
  'credentials.harbor': { url: 'http://127.0.0.1:9', project: 'apps' },
  'manager.replicas': { certificates: { devices: join(authority, 'device-ca.crt') } },
  'registry.harbor': { url: 'https://127.0.0.1:9' },
  'secret.file': { directory: secrets },
  'transport.grpc': { url: 'grpcs://127.0.0.1:9' },
  'transport.http': { url: 'https://127.0.0.1:9' },
  'transport.mqtt': { url: 'mqtt://127.0.0.1:9' },
  'vendor.harbor-webhook': { registry: 'harbor.test', secretFile: join(secrets, 'webhook') },
};
const secondConfigs: Readonly<Record<string, unknown>> = {
  'state.sqlite': { file: 'second.db' },
  'binding.mqtt': { clientId: 'second-host' },
};
/** Which built-in is used where several could be; a port's other providers have its contract too. */
const chosen: Readonly<Record<string, string>> = {
  credentials: 'credentials.harbor',
  state: 'state.memory',
  events: 'events.memory',
  registry: 'registry.oci',
  target: 'target.mock',
  transport: 'transport.http',
  broker: 'broker.aedes',
  wfm: 'wfm.signed',
};
const host: HostStatus = {
  profile: 'kit',
  version: '0.0.0',
  phase: () => 'ready',
  entries: () => [],
  addresses: () => [],
  operations: () => [],
};

async function definitionOf(type: string): Promise<Definition> {
  const load = builtins.definitions[type];
  if (!load) throw new Error(`there is no built-in ${type}`);
  return load();
}

interface Running {
  readonly instance: object;
  dispose(): Promise<void>;
}

/** Everything that a definition uses, made and started as a host would; each once. */
async function usesOf({ uses }: Definition, running = new Map<string, Running>()): Promise<MadeUses> {
  const made: Record<string, unknown> = {};
  for (const [name, use] of Object.entries(uses)) {
    const { count, ref } = demandOf(use);
    const { id } = ref;
    // Without a broker, a binding of MQTT wants to be told where one is.
    if (count === 'optional' && id !== 'broker') continue;
    const instance = id === HostStatus.id ? host : await instanceOf(chosen[id] ?? id, running);
    made[name] = count === 'every' ? new Map([[id, instance]]) : instance;
  }
  return {
    uses: made,
    async dispose() {
      for (const each of [...running.values()].reverse()) await each.dispose();
    },
  };
}

async function instanceOf(type: string, running: Map<string, Running>): Promise<object> {
  const known = running.get(type);
  if (known) return known.instance;
  const definition = await definitionOf(type);
  const { uses } = await usesOf(definition, running);
  const context = await testContext<object>(definition, { name: type, config: configs[type], uses });
  await context.start();
  running.set(type, context);
  return context.instance;
}

/** Tried where what they need is: test/redis. */
const elsewhere = ['events.redis', 'lock.redis', 'queue.redis', 'state.redis'];
const here = Object.keys(builtins.definitions).filter((type) => !elsewhere.includes(type));

test.for(here)('%s keeps to the lifecycle of every definition', async (type) => {
  const definition = await definitionOf(type);
  const make = lifecycleSubjects(definition, {
    config: configs[type],
    secondConfig: secondConfigs[type],
    uses: () => usesOf(definition),
  });
  const report = await runKit(lifecycleKit, make, { seed: 1 });
  expect(report.failed, formatReport(report)).toBe(0);
});
