import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SigningKey, selfSignedDeviceCertificate } from '../../core/identity/index.js';
import type { BenchOptions } from '../options.js';
import type { Report } from '../report.js';
import { mean, median } from '../statistics.js';
import { capabilities, description } from './documents.js';
import { type Fleet, startFleet } from './fleet.js';

const total = 10_000;
const perDevice = 10;
const window = 100;
const warmUp = 300;
const reads = 500;
const pageSize = 100;

/** Whether the 10,000th instance costs what the 10th did; and what reading costs when there are so many. */
export async function benchInstances(_options: BenchOptions): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
  try {
    // Compiled code is warm before the first window, as it is before the last.
    await withFleet(join(directory, 'warm-up'), (fleet) => createAll(fleet, warmUp));
    return await withFleet(join(directory, 'measured'), measure);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(fleet: Fleet): Promise<Report> {
  const { ids, costs } = await createAll(fleet, total);
  const first = costs.slice(perDevice, perDevice + window);
  const last = costs.slice(-window);
  const nth = (position: number): number[] => costs.filter((_, index) => index % perDevice === position);
  const get = await times(reads, async (turn) => void (await fleet.instances.get(ids[(turn * 7919) % total] ?? '')));
  let after: string | undefined;
  const list = await times(total / pageSize, async () => {
    const page = await fleet.instances.list({ limit: pageSize, ...(after !== undefined && { after }) });
    after = page.next;
  });
  const ofDevice = await times(reads, async (turn) => {
    await fleet.instances.list({ clientId: fleet.clients[(turn * 7919) % fleet.clients.length] ?? '' });
  });
  const row = (name: string, costsOf: readonly number[]): [string, number, number] => [
    name,
    median(costsOf),
    mean(costsOf),
  ];
  return {
    benchmark: 'instances',
    method: [
      `All managers of config/wfm.yaml in this process, on state.sqlite in a temporary directory; one create after another.`,
      `${total} instances over ${total / perDevice} devices, one device filled after the other, so that both windows have`,
      `devices with 1 to ${perDevice} instances. A manifest and a bundle are made anew for each create.`,
    ],
    table: {
      columns: ['operation', 'median ms', 'mean ms'],
      rows: [
        row(`create ${perDevice + 1} to ${perDevice + window}`, first),
        row(`create ${total - window + 1} to ${total}`, last),
        row("create a device's 1st", nth(0)),
        row(`create a device's ${perDevice}th`, nth(perDevice - 1)),
        row(`get by id, of ${total}`, get),
        row(`list a page of ${pageSize}, of ${total}`, list),
        row(`list one device's, of ${total}`, ofDevice),
      ],
    },
    results: [
      { name: 'last window / first, median', value: median(last) / median(first), goal: 'about 1' },
      { name: 'last window / first, mean', value: mean(last) / mean(first) },
    ],
  };
}

async function createAll(fleet: Fleet, count: number): Promise<{ ids: string[]; costs: number[] }> {
  const packageId = await fleet.addPackage('pump', description());
  for (let index = 0; index < count / perDevice; index++) fleet.clients.push(await addDevice(fleet, `press-${index}`));
  const ids: string[] = [];
  const costs = await times(count, async (turn) => {
    const device = { id: fleet.clients[Math.floor(turn / perDevice)] ?? '' };
    ids.push((await fleet.instances.create({ name: `pump-${turn}`, packageId, device })).id);
  });
  return { ids, costs };
}

async function addDevice({ devices }: Fleet, name: string): Promise<string> {
  const { pem } = await selfSignedDeviceCertificate({ name, key: SigningKey.generate(), now: Date.now() });
  const { id } = await devices.onboard(pem);
  await devices.reportCapabilities(id, capabilities(name), 'D2');
  return id;
}

/** Milliseconds of each turn. */
async function times(count: number, turn: (index: number) => Promise<void>): Promise<number[]> {
  const costs: number[] = [];
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    await turn(index);
    costs.push(performance.now() - began);
  }
  return costs;
}

async function withFleet<T>(directory: string, work: (fleet: Fleet) => Promise<T>): Promise<T> {
  const file = `${directory}.yaml`;
  await writeFile(file, profile(directory));
  const fleet = await startFleet(file);
  try {
    return await work(fleet);
  } finally {
    await fleet.stop();
  }
}

/** The managers and the store of config/wfm.yaml, without its doors. */
function profile(data: string): string {
  return `
profile: bench
data: ${JSON.stringify(data)}
host: { log: { level: warn } }
providers:
  store:     { type: state.sqlite }
  events:    { type: events.memory }
  packages:  { type: registry.oci, config: { registries: [{ url: "https://localhost:8443" }] } }
managers:
  catalog:   { type: manager.catalog }
  devices:   { type: manager.device, config: { onboarding: open } }
  placement: { type: manager.placement }
  manifests: { type: manager.manifest }
  solutions: { type: manager.solution }
  instances: { type: manager.instance }
vendors:
  bench:     { type: vendor.bench }
`;
}
