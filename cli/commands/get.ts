import { type ConnectionOptions, find, list, type Operator, withClient } from '../client/index.js';
import { invalid } from '../failure.js';
import type { Format } from '../output/formats.js';
import { render, toYaml } from '../output/render.js';
import {
  type DeviceItem,
  deployments,
  devices,
  eligibility,
  type Filter,
  type Item,
  type Kind,
  listedOf,
  packages,
} from '../resources/index.js';
import type { Terminal } from '../terminal.js';
import { getArtifacts, getRepositories } from './get-offer.js';

export interface GetOptions extends ConnectionOptions {
  readonly output: Format;
  readonly limit?: number;
  readonly watch?: boolean;
  readonly package?: string;
  readonly device?: string;
}

/** `tutti get KIND [ID]` */
export async function get(
  terminal: Terminal,
  word: string,
  id: string | undefined,
  options: GetOptions,
): Promise<void> {
  const kind = listedOf(word);
  if (kind === 'repositories') return getRepositories(terminal, id, options);
  if (kind === 'artifacts') return getArtifacts(terminal, id, options);
  await withClient(terminal, options, async (client) => {
    const filter = await filters(client, kind.plural, options);
    if (options.watch) return watch(terminal, client, filter, options.output);
    if (kind.plural === 'devices')
      return show(terminal, client, kind, id, filter, options, columnsOfEligibility(filter));
    if (kind.plural === 'packages') return show(terminal, client, kind, id, filter, options);
    return show(terminal, client, kind, id, filter, options);
  });
}

async function show<T extends Item>(
  terminal: Terminal,
  client: Operator,
  kind: Kind<T>,
  id: string | undefined,
  filter: Filter,
  { output, limit }: GetOptions,
  more: ReturnType<Kind<T>['columns']> = [],
): Promise<void> {
  const items: T[] = [];
  if (id !== undefined) items.push(await find(client, kind, id, filter));
  else {
    for await (const item of list(client, kind, filter)) {
      if (limit !== undefined && items.length >= limit) break;
      items.push(item);
    }
  }
  const [first] = items;
  if (first === undefined && (output === 'table' || output === 'wide')) {
    terminal.note(`no ${kind.plural}`);
    terminal.next(firstStep[kind.plural] ?? 'tutti --help');
    return;
  }
  terminal.out(await render(items, [...kind.columns(Date.now()), ...more], output, id !== undefined));
  if (first !== undefined) terminal.next(kind.next(first));
}

const firstStep: Readonly<Record<string, string>> = {
  packages: 'tutti push DIRECTORY REFERENCE, then tutti apply -f package.yaml',
  deployments: 'tutti apply -f deployment.yaml --wait',
  devices: 'tutti pki issue NAME, then start an agent with that certificate',
};

async function filters(client: Operator, kind: string, options: GetOptions): Promise<Filter> {
  if (options.watch && kind !== 'deployments') throw invalid('--watch is for deployments');
  if (options.device !== undefined && kind !== 'deployments') throw invalid('--device is for deployments');
  if (options.package !== undefined && kind === 'packages') throw invalid('--package is for devices and deployments');
  const packageId = options.package === undefined ? undefined : (await find(client, packages, options.package)).id;
  const device = options.device === undefined ? undefined : (await find(client, devices, options.device)).id;
  return { appPackageId: packageId, deviceId: device };
}

function columnsOfEligibility({ appPackageId }: Filter): ReturnType<Kind<DeviceItem>['columns']> {
  return appPackageId === undefined ? [] : eligibility;
}

/** The present deployments, then each as it changes, until Ctrl-C. */
async function watch(terminal: Terminal, client: Operator, filter: Filter, format: Format): Promise<void> {
  const { columns } = deployments;
  const shown = columns(Date.now()).filter(({ wide }) => format === 'wide' || wide !== true);
  const widths = shown.map(({ head }) => ({ ID: 8, NAME: 28, VERSION: 10, DEVICE: 8, STATE: 10 })[head] ?? head.length);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  if (format === 'table' || format === 'wide') terminal.out(line(shown.map(({ head }) => head)));
  try {
    const { items } = await client.watchDeployments({ deviceId: filter.deviceId });
    for await (const { data: item } of items) {
      if (filter.appPackageId !== undefined && item.spec.appPackageRef.id !== filter.appPackageId) continue;
      if (format === 'json') terminal.out(JSON.stringify(item));
      else if (format === 'yaml') terminal.out(`---\n${await toYaml(item)}`);
      else {
        const now = columns(Date.now()).filter(({ wide }) => format === 'wide' || wide !== true);
        terminal.out(line(now.map(({ value }) => value(item))));
      }
    }
  } catch (error) {
    // The person has seen enough.
    if (!terminal.signal.aborted) throw error;
  }
}
