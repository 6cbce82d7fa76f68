import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.js';
import { freePorts } from '../parts/ports.js';
import { commandLine } from './command-line.js';
import { launch, startProcess } from './running.js';

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
/** The same, with an entry whose start takes as long as a gate is closed. */
async function writeSlow(port: number, gate: string): Promise<void> {
  await writeFile(join(folder, 'slow.ts'), slow);
  await write(port);
  const plugins = 'plugins: [./slow.ts]\nmanagers:\n  slow: { type: manager.slow, config: { gate: "';
  await appendFile(file, `${plugins}${gate}" } }\n`);
}
const slow = `import { defineManager, z } from 'tutti/plugin';
export default defineManager({
  type: 'manager.slow',
  version: '1.0.0',
  config: z.strictObject({ gate: z.string().describe('URL that answers when the start may go on') }),
  create: ({ config }) => ({
    start: async (signal) => void (await fetch(config.gate, { signal })),
  }),
});
`;

/** Answers nobody until it is opened. */
interface Gate extends AsyncDisposable {
  readonly url: string;
  /** How many have come. */
  asked(): number;
  open(): void;
}

async function closedGate(): Promise<Gate> {
  const waiting: ServerResponse[] = [];
  let [isOpen, asked] = [false, 0];
  const server = createServer((_request, response) => {
    asked += 1;
    if (isOpen) response.end();
    else waiting.push(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const open = (): void => {
    isOpen = true;
    for (const response of waiting) response.end();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    open,
    async [Symbol.asyncDispose]() {
      open();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const answers = (port: number, path = '/readyz'): Promise<number | string> =>
  fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ status }) => status,
    () => 'nobody',
  );

describe('SIGHUP', () => {
  it('reloads the profile of a running host', async () => {
    const [one = 0, two = 0] = await freePorts(2);
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

  it('that comes during the start reloads the profile once the host is ready', async () => {
    await using gate = await closedGate();
    const [one = 0, two = 0] = await freePorts(2);
    await writeSlow(one, gate.url);
    await using starting = launch(['run', file]);
    await expect.poll(() => gate.asked()).toBe(1);
    await writeSlow(two, gate.url);
    starting.child.kill('SIGHUP');
    gate.open();
    const host = await starting.ready();
    await expect.poll(() => answers(two)).toBe(200);
    expect(await answers(one)).toBe('nobody');
    expect(await host.end()).toBe(0);
  });

  it('changes nothing when the profile has faults, and logs all of them', async () => {
    const [port = 0] = await freePorts(1);
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
    const [port = 0] = await freePorts(1);
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
    const [port = 0, other = 0] = await freePorts(2);
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

  it('waits no longer than it is told to, and the reload goes on', async () => {
    await using gate = await closedGate();
    const [one = 0, two = 0] = await freePorts(2);
    await write(one);
    await using _host = await startProcess(['run', file]);
    await writeSlow(two, gate.url);
    // On a busy machine the first may have given up before the host was asked.
    for (let milliseconds = 100; gate.asked() === 0; milliseconds *= 2) {
      expect(await tutti(['reload', file, '--timeout', `${milliseconds}ms`])).toMatchObject({
        code: exitCodes.timeout,
        out: '',
        err: expect.stringMatching(
          /the host has not answered in time; the reload goes on\n.*its log will have the outcome/,
        ),
      });
    }
    gate.open();
    await expect.poll(() => answers(two)).toBe(200);
    expect(await tutti(['reload', file])).toMatchObject({ code: exitCodes.ok });
  });

  it('refuses to have a host reload another file than the one that it runs', async () => {
    const [port = 0] = await freePorts(1);
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
    const [port = 0] = await freePorts(1);
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
    const [port = 0] = await freePorts(1);
    await write(port);
    const killed = await startProcess(['run', file]);
    expect(await killed.end('SIGKILL')).toBe('SIGKILL');
    expect(await readdir(data)).toContain('host.sock');
    expect(await tutti(['reload', file])).toMatchObject({ code: exitCodes.unreachable });
    await using _host = await startProcess(['run', file]);
    expect(await tutti(['reload', file])).toMatchObject({ code: exitCodes.ok });
  });

  it('reaches a host with a binding that listens at a socket as well', async () => {
    await writeFile(
      file,
      `profile: toy
data: ${data}
plugins: [${resolve('plugins/binding-unix-socket')}]
vendors: { system: { type: vendor.system } }
bindings: { host: { type: binding.unix-socket } }
`,
    );
    await using host = await startProcess(['run', file]);
    expect(host.output()).toContain(`unix:${join(data, 'host', 'socket')}`);
    expect(await tutti(['reload', file])).toMatchObject({ code: exitCodes.ok });
  });

  it('says what to do where the path of the data directory is too long for a socket', async () => {
    const [port = 0] = await freePorts(1);
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
