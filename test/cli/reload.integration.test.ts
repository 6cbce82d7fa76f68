import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../cli/demo/ports.js';
import { exitCodes } from '../../cli/exit-codes.js';
import { commandLine } from './command-line.js';
import { startProcess } from './running.js';

let folder: string;
let file: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reload-'));
  file = join(folder, 'profile.yaml');
  data = join(folder, 'data');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const tutti = commandLine({});

/** A host with one door at this port. */
async function write(port: number, changes: Readonly<Record<string, string>> = {}): Promise<void> {
  const { name = 'toy', prefix = '', at = data } = changes;
  await writeFile(
    file,
    `profile: ${name}
data: ${at}
providers:
  state: { type: state.sqlite }
vendors:
  system: { type: vendor.system, path: "${prefix}" }
bindings:
  http: { type: binding.http, config: { tls: off, port: ${port} } }
`,
  );
}
const answers = (port: number, path = '/readyz'): Promise<number | string> =>
  fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ status }) => status,
    () => 'nobody',
  );

describe('SIGHUP', () => {
  it('reloads the profile of a running host', async () => {
    const [one = 0, two = 0] = await freePorts([0, 0]);
    await write(one);
    await using host = await startProcess(['run', file]);
    expect(await answers(one)).toBe(200);
    await write(two);
    host.child.kill('SIGHUP');
    await expect.poll(() => answers(two)).toBe(200);
    expect(await answers(one)).toBe('nobody');
    expect(await host.end()).toBe(0);
    expect(host.output()).toContain('1 replaced, 2 kept');
  });

  it('changes nothing when the profile has faults, and logs all of them', async () => {
    const [port = 0] = await freePorts([0]);
    await write(port);
    await using host = await startProcess(['run', file]);
    await write(port, { prefix: 'no-slash' });
    host.child.kill('SIGHUP');
    await expect.poll(() => host.output()).toContain('vendors.system.path [wrong-value]');
    expect(host.output()).toContain('the profile was not reloaded, the host is as it was');
    expect(host.output()).toContain(`${file}:6:`);
    expect(await answers(port)).toBe(200);
    await write(port, { prefix: '/probes' });
    host.child.kill('SIGHUP');
    await expect.poll(() => answers(port, '/probes/readyz')).toBe(200);
  });
});

describe('tutti reload', () => {
  it('has the host reload, and shows what happened to each entry and why', async () => {
    const [port = 0] = await freePorts([0]);
    await write(port);
    await using host = await startProcess(['run', file]);
    expect((await stat(join(data, 'host.sock'))).mode & 0o777).toBe(0o600);
    await write(port, { prefix: '/probes' });
    const { code, out, err } = await tutti(['reload', file]);
    expect({ code, out }).toEqual({
      code: exitCodes.ok,
      out: `ENTRY   WHAT      WHY
system  replaced  its path changed
http    replaced  it serves system, which is replaced
state   kept      nothing changed for it
`,
    });
    expect(err).toMatch(/^reloaded in \d+ ms: 2 replaced, 1 kept\n$/);
    expect(await answers(port, '/probes/readyz')).toBe(200);
    const again = await tutti(['reload', file, '-o', 'json']);
    expect(JSON.parse(again.out)).toMatchObject({ outcome: 'unchanged', plan: { replaced: [] } });
    await host.end();
    expect(await readdir(data)).not.toContain('host.sock');
  });

  it('tells apart what is wrong by its exit status', async () => {
    const [port = 0, other = 0] = await freePorts([0, 0]);
    await write(port);
    expect(await tutti(['reload', file])).toMatchObject({
      code: exitCodes.unreachable,
      err: expect.stringContaining(`no host runs with the data directory ${data}`),
    });
    await using host = await startProcess(['run', file]);
    await write(port, { prefix: 'no-slash' });
    expect(await tutti(['reload', file])).toMatchObject({
      code: exitCodes.invalid,
      err: expect.stringContaining('vendors.system.path [wrong-value]'),
    });
    await write(port, { name: 'other' });
    expect(await tutti(['reload', file])).toMatchObject({
      code: exitCodes.invalid,
      err: expect.stringContaining('the profile changes its name from toy to other'),
    });
    const taken = createServer();
    taken.listen(other, '127.0.0.1');
    await once(taken, 'listening');
    await write(other);
    const back = await tutti(['reload', file]);
    taken.close();
    await once(taken, 'close');
    expect(back.code).toBe(exitCodes.failed);
    expect(back.out).toMatch(/^ENTRY\s+WHAT\s+WHY\nhttp\s+failed\s+.*is taken by another program/);
    expect(back.err).toContain('the old profile is in force again: http: ');
    expect(await answers(port)).toBe(200);
    expect(await tutti(['reload', file])).toMatchObject({ code: exitCodes.ok });
    expect(await answers(other)).toBe(200);
    expect(host.output()).toContain('the old profile is in force again');
  });

  it('refuses to have a host reload another file than the one that it runs', async () => {
    const [port = 0] = await freePorts([0]);
    await write(port);
    await using _host = await startProcess(['run', file]);
    const first = file;
    file = join(folder, 'copy.yaml');
    await write(port);
    expect(await tutti(['reload', file])).toMatchObject({
      code: exitCodes.invalid,
      err: expect.stringContaining(`the host of this data directory runs ${first}`),
    });
  });

  it('says so when the host finds faults that the command does not', async () => {
    const [port = 0] = await freePorts([0]);
    await write(port, { prefix: `\${env:PREFIX}` });
    await using _host = await startProcess(['run', file], { PREFIX: '/a' });
    vi.stubEnv('PREFIX_OF_TEST', '/b');
    await write(port, { prefix: `\${env:PREFIX_OF_TEST}` });
    const { code, err } = await tutti(['reload', file]);
    expect(code).toBe(exitCodes.invalid);
    expect(err).toContain('the host finds faults');
    expect(err).toContain('PREFIX_OF_TEST');
  });

  it('finds a host that was started after one that was killed', async () => {
    const [port = 0] = await freePorts([0]);
    await write(port);
    const killed = await startProcess(['run', file]);
    expect(await killed.end('SIGKILL')).toBe('SIGKILL');
    expect(await readdir(data)).toContain('host.sock');
    expect(await tutti(['reload', file])).toMatchObject({ code: exitCodes.unreachable });
    await using _host = await startProcess(['run', file]);
    expect(await tutti(['reload', file])).toMatchObject({ code: exitCodes.ok });
  });

  it('says what to do where the path of the data directory is too long for a socket', async () => {
    const [port = 0] = await freePorts([0]);
    const at = join(folder, 'deep'.repeat(25));
    await write(port, { at });
    await using host = await startProcess(['run', file]);
    expect(await answers(port)).toBe(200);
    await expect.poll(() => host.output()).toContain('"tutti reload" does not reach this host, only SIGHUP does');
    expect(await tutti(['reload', file])).toMatchObject({
      code: exitCodes.unreachable,
      err: expect.stringContaining('kill -HUP PID'),
    });
  });
});
