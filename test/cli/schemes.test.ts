import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.js';
import { createAuthority } from '../device-api/authority.js';
import type { Device } from '../device-api/device.js';
import { eventually } from '../operator-api/call.js';
import { startWfm, type Wfm } from '../operator-api/wfm.js';
import { commandLine } from './command-line.js';

// The same commands, whatever the scheme of the server: one host, and three ways to it.

let folder: string;
let wfm: Wfm;
let device: Device;
let servers: Readonly<Record<'https' | 'grpcs' | 'mqtts', string>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-schemes-'));
  const passwordFile = join(folder, 'operator.password');
  await writeFile(passwordFile, 'open sesame\n');
  await writeFile(join(folder, 'other.crt'), (await createAuthority()).pem);
  wfm = await startWfm({
    more: {
      providers: `
  broker: { type: broker.aedes, config: { port: 0, users: [{ name: operator, passwordFile: "${passwordFile}" }] } }`,
      vendors: '  system: { type: vendor.system }',
      bindings: `
  https:  { type: binding.http, config: { port: 0 } }
  grpc:   { type: binding.grpc, config: { port: 0 } }
  mqtt:   { type: binding.mqtt }`,
    },
  });
  const [, https = '', grpc = '', mqtt = ''] = wfm.host.status.addresses();
  servers = {
    https,
    grpcs: grpc,
    mqtts: mqtt.replace('mqtts://', 'mqtts://operator@'),
  };
  await wfm.importPackage('1.0.0');
  device = await wfm.ready();
});
afterAll(async () => {
  await wfm[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const environment = (scheme: keyof typeof servers): Record<string, string> => ({
  TUTTI_SERVER: servers[scheme],
  TUTTI_CA: join(wfm.host.dataDir, 'pki', 'ca.crt'),
  TUTTI_TOKEN: wfm.tokens.operator,
  TUTTI_BROKER_PASSWORD_FILE: join(folder, 'operator.password'),
});

describe.each(['https', 'grpcs', 'mqtts'] as const)('over %s', (scheme) => {
  const tutti = (words: readonly string[], input = '', env: Record<string, string> = {}) =>
    commandLine({ ...environment(scheme), ...env })(words, input);

  it('sends no field that the operation does not have', async () => {
    expect(await tutti(['call', 'deployments.list', 'limt=5'])).toMatchObject({
      code: exitCodes.invalid,
      out: '',
      err: expect.stringMatching(/unknown field "limt"\n.*did you mean limit\?/),
    });
    expect((await tutti(['call', 'deployments.list', 'limit=abc'])).err).toContain(
      'limit: Invalid input: expected number, received "abc"',
    );
  });

  it('lists, applies, waits and deletes', async () => {
    expect((await tutti(['get', 'devices'])).out).toMatch(/press-7\s+ONBOARDED/);
    const name = `line-${scheme}`;
    const yaml = `kind: ApplicationDeployment
metadata: { name: ${name} }
spec: { appPackageRef: { id: line }, deviceRef: { id: press-7 } }`;
    const waiting = tutti(['apply', '-f', '-', '--wait'], yaml);
    const { json } = await eventually(
      () => wfm.ask('GET', `/deployments?name=${name}`),
      ({ json: { items } }) => (items as unknown[]).length > 0,
    );
    const [{ id }] = json['items'] as [{ id: string }];
    await device.status(id, 'installed');
    expect(await waiting).toMatchObject({ code: exitCodes.ok, out: expect.stringMatching(/^deployment .* created$/m) });
    expect(JSON.parse((await tutti(['get', 'deployment', name, '-o', 'json'])).out)).toMatchObject({
      id,
      metadata: { name },
      status: { state: 'INSTALLED' },
    });
    expect((await tutti(['delete', 'deployment', name, '--force'])).out).toBe(`deployment ${name} removed\n`);
  });

  it('ends with the same exit codes', async () => {
    const none = '00000000-0000-0000-0000-000000000000';
    expect((await tutti(['describe', 'package', none])).code).toBe(exitCodes.notFound);
    expect((await tutti(['token', 'list'])).code).toBe(exitCodes.denied);
    expect((await tutti(['get', 'devices'], '', { TUTTI_TOKEN: 'nonsense' })).code).toBe(exitCodes.denied);
    const wrong = `kind: ApplicationDeployment
metadata: { name: NOT A NAME }
spec: { appPackageRef: { id: line }, deviceRef: { id: press-7 } }`;
    expect(await tutti(['apply', '-f', '-'], wrong)).toMatchObject({
      code: exitCodes.invalid,
      err: expect.stringContaining('lower-case letters'),
    });
    const { code, err } = await tutti(['get', 'devices'], '', { TUTTI_SERVER: `${scheme}://localhost:1` });
    expect({ code, err }).toEqual({
      code: exitCodes.unreachable,
      err: expect.stringContaining('is the host running?'),
    });
  });

  it('trusts the given CA and no other', async () => {
    const { code, err } = await tutti(['get', 'devices'], '', { TUTTI_CA: join(folder, 'other.crt') });
    expect({ code, err }).toEqual({
      code: exitCodes.unreachable,
      err: expect.stringMatching(/is not trusted: .*\n.*--ca/),
    });
  });
});
