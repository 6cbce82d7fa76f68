import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtins } from '../../cli/builtins.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import { commandLine } from '../cli/command-line.js';

// A vendor that a stranger wrote, with nothing done for it anywhere else: what it offers is called over every binding.

const file = 'plugins/vendor-maintenance/profile.yaml';
let host: TestHost;
let tokenFile: string;

beforeAll(async () => {
  const definitions = await Promise.all(Object.values(builtins.definitions).map((load) => load()));
  const text = await readFile(file, 'utf8');
  // As shipped, but for ports that are free and the certificates of its servers.
  const profile = text
    .replaceAll(/port: .*/g, 'port: 0\n      tls: off')
    .replace(/^data: .*$/m, '')
    .replace('plugins: [.]', `plugins: [${resolve('plugins/vendor-maintenance')}]`)
    .replace('type: state.sqlite', 'type: state.memory');
  host = await startTestHost({ definitions, profile });
  tokenFile = join(host.dataDir, 'admin.token');
});
afterAll(() => host.stop());

const run = commandLine({ NO_COLOR: '1', TUTTI_DATA: 'nowhere' });
const address = (scheme: string): string =>
  host.status.addresses().find((url) => url.startsWith(`${scheme}:`)) ?? `no ${scheme}`;

describe.each(['http', 'grpc', 'mqtt'])('over %s', (scheme) => {
  const call = (...words: string[]) => run(['call', ...words, '--server', address(scheme), '--token-file', tokenFile]);

  it('is listed with what it is for', async () => {
    const { out, code } = await call('--list');
    expect(code).toBe(0);
    expect(out).toMatch(/^maintenance\.open +role operator +value +Opens a maintenance window of a device$/m);
    expect(out).toMatch(/^maintenance\.watch +role viewer +stream +/m);
    expect(out).toMatch(/^deployments\.list +role viewer +value +/m);
  });

  it('says what it takes', async () => {
    const { out } = await call('maintenance.open', '--list');
    expect(out).toMatch(/^ {2}lasts +string +required +How long, such as 90m, 2h or 3d$/m);
    expect(out).toContain('POST /maintenance/v1/windows');
  });

  it('is called, and answers as it declares', async () => {
    const opened = await call('maintenance.open', `device=${scheme}-1`, 'lasts=2h', 'reason=new bearings');
    expect(opened).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(opened.out)).toMatchObject({ device: `${scheme}-1`, reason: 'new bearings' });
    const { out } = await call('maintenance.list');
    const { items } = JSON.parse(out) as { items: { device: string }[] };
    expect(items.map(({ device }) => device)).toContain(`${scheme}-1`);
    const closed = await call('maintenance.close', '--input', JSON.stringify({ device: `${scheme}-1` }));
    expect(closed).toMatchObject({ code: 0, out: '', err: 'maintenance.close is done\n' });
  });

  it('refuses what it does not take, with the field', async () => {
    const { code, err } = await call('maintenance.open', 'device=pump-1', 'lasts=long');
    expect(code).toBe(2);
    expect(err).toContain('lasts: expected a time such as 90m, 2h or 3d');
    const missing = await call('maintenance.close', 'device=never-seen');
    expect(missing).toMatchObject({ code: 3, err: expect.stringContaining('never-seen has no maintenance window') });
  });

  it('is called with a representation as answer, and without a token where none is needed', async () => {
    const { out } = await run(['call', 'system.readyz', 'verbose=', '--server', address(scheme)]);
    expect(out).toContain('[+]maintenance (vendor.maintenance) ok\n');
    const { code, err } = await run(['call', 'maintenance.list', '--server', address(scheme)]);
    expect(code).toBe(4);
    expect(err).toContain('no token was sent');
  });

  it('streams, a line for each item', async () => {
    await call('maintenance.open', `device=${scheme}-2`, 'lasts=1d');
    const watching = run(
      ['call', 'maintenance.watch', '--server', address(scheme), '--token-file', tokenFile],
      '',
      (line) => line.includes(`"${scheme}-3"`),
    );
    await call('maintenance.open', `device=${scheme}-3`, 'lasts=1d');
    const lines = (await watching).out.trimEnd().split('\n');
    const items = lines.map((line) => JSON.parse(line) as { event: string; data: { device: string } });
    expect(items.map(({ event, data }) => `${event} ${data.device}`)).toEqual(
      expect.arrayContaining([`opened ${scheme}-2`, `opened ${scheme}-3`]),
    );
  });

  it('names the operation that was meant', async () => {
    const { code, err } = await call('maintenance.opne');
    expect(code).toBe(3);
    expect(err).toContain('the host offers no operation maintenance.opne');
    expect(err).toContain('did you mean maintenance.open?');
  });
});

describe('without more work, stands in', () => {
  it.each([
    ['openapi', '"/maintenance/v1/windows/{device}"', '"#/components/schemas/MaintenanceWindow"'],
    ['asyncapi', 'maintenance.open', 'MaintenanceWindow'],
    ['proto', 'service Maintenance {', 'rpc Watch(MaintenanceWatchRequest) returns (stream MaintenanceWatchItem)'],
  ])('the document of tutti %s', async (command, ...texts) => {
    const { out, code } = await run([command, file]);
    expect(code).toBe(0);
    for (const text of texts) expect(out).toContain(text);
  });

  it('the document that its host serves', async () => {
    const { paths } = (await (await fetch(`${address('http')}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/maintenance/v1/windows', '/maintenance/v1/windows/watch', '/operations']),
    );
  });
});
