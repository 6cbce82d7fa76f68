import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../core/host/clock.js';
import { HostStatus } from '../../core/host/status.js';
import type { Binding, Definition } from '../../core/plugin/index.js';
import { testContext } from '../../core/testing/context.js';
import { type Publisher, surface } from './operations.js';
import type { Served } from './subject.js';

export interface BindingSettings {
  readonly config?: unknown;
  readonly uses?: Readonly<Record<string, unknown>>;
}

const ready: HostStatus = {
  profile: 'laboratory',
  version: '',
  phase: () => 'ready',
  entries: () => [],
  addresses: () => [],
  operations: () => [],
};

/** What a host provides by itself, where the binding uses it. */
function hostIn({ uses }: Definition): Readonly<Record<string, unknown>> {
  const names = Object.entries(uses).filter(([, use]) => 'id' in use && use.id === HostStatus.id);
  return Object.fromEntries(names.map(([name]) => [name, ready]));
}

/** A binding as a host would run it, over the operations of the laboratory. */
export async function serveBinding(
  definition: Definition,
  publisher: Publisher,
  { config, uses }: BindingSettings = {},
): Promise<Served> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tutti-laboratory-'));
  const context = await testContext<Binding>(definition, {
    clock: systemClock,
    dataDir,
    surface: surface(publisher),
    ...(config !== undefined && { config }),
    uses: { ...hostIn(definition), ...uses },
  });
  await context.start();
  return {
    address: context.instance.addresses()[0] ?? '',
    stop: async () => {
      await context.dispose();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
