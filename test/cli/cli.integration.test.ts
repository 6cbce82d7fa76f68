import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.js';
import type { FleetManager } from '../../core/ports/index.js';
import { commandLine, type Outcome } from './command-line.js';
import { capabilities, device, startWfm, type Wfm } from './host.js';

// One story, told in order: each case goes on from where the one before it ended.

const sample = join('cli', 'demo', 'hello');
let folder: string;
let wfm: Wfm;
let tutti: (words: readonly string[], input?: string) => Promise<Outcome>;
const devices: (FleetManager & { close(): Promise<void> })[] = [];
const signal = new AbortController().signal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  wfm = await startWfm(join(folder, 'wfm'), 'approve');
  tutti = commandLine({ TUTTI_SERVER: wfm.url, TUTTI_DATA: wfm.data });
});
afterAll(async () => {
  for (const one of devices) await one.close();
  await wfm.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Standard output of a command that must succeed. */
async function done(words: readonly string[], input?: string): Promise<string> {
  const { code, out, err } = await tutti(words, input);
  expect(code, `tutti ${words.join(' ')}: ${err}`).toBe(exitCodes.ok);
  return out.trimEnd();
}
const json = async (...words: readonly string[]) => JSON.parse(await done([...words, '-o', 'json']));

const packageYaml = () => `kind: ApplicationPackage
metadata: { name: hello }
spec: { source: { registryUrl: "${wfm.url}", repository: samples/hello, tag: 1.0.0 } }
`;
const deploymentYaml = (greeting: string, on = 'press-7') => `kind: ApplicationDeployment
metadata: { name: line-a }
spec:
  appPackageRef: { id: hello }
  deviceRef: { id: ${on} }
  parameters: { greeting: ${greeting} }
`;

describe('tutti pki', () => {
  it('issues device certificates from the CA of the host, with a key for its owner alone', async () => {
    const ca = join(wfm.data, 'pki');
    expect(await done(['pki', 'init', ca])).toBe(join(ca, 'device-ca.crt'));
    for (const name of ['press-7', 'press-8', 'press-9']) {
      const out = join(folder, name);
      expect(await done(['pki', 'issue', name, '--out', out])).toBe(join(out, 'device.crt'));
      expect((await stat(join(out, 'device.key'))).mode & 0o777).toBe(0o600);
    }
    const shown = await done(['pki', 'show', join(folder, 'press-7', 'device.crt')]);
    expect(shown).toMatch(/Subject:\s+CN=press-7\nIssuer:\s+CN=Tutti device CA/);
  });

  it('makes a CA of its own, and never writes over a key', async () => {
    const ca = join(folder, 'ca');
    const { code, err } = await tutti(['pki', 'issue', 'x', '--ca', ca]);
    expect({ code, err }).toEqual({
      code: exitCodes.invalid,
      err: `error: there is no device CA in ${ca} (device-ca.crt)\nmake one with "tutti pki init ${ca}", or name the directory of another with --ca\n`,
    });
    expect(await done(['pki', 'init', ca])).toBe(join(ca, 'device-ca.crt'));
    const out = join(folder, 'x');
    await done(['pki', 'issue', 'x', '--ca', ca, '--out', out]);
    const key = await readFile(join(out, 'device.key'), 'utf8');
    expect((await tutti(['pki', 'issue', 'x', '--ca', ca, '--out', out])).code).toBe(exitCodes.failed);
    expect(await readFile(join(out, 'device.key'), 'utf8')).toBe(key);
  });
});

describe('tutti approve, reject, revoke', () => {
  it('lets devices in and keeps them out', async () => {
    for (const name of ['press-7', 'press-8', 'press-9']) {
      const one = await device(wfm, join(folder, name));
      devices.push(one);
      await expect(one.enroll(signal)).rejects.toThrow('approval');
    }
    expect(await done(['get', 'devices'])).toMatch(/press-7\s+PENDING/);
    expect(await done(['approve', 'device', 'press-7'])).toBe('device press-7 approved');
    expect(await done(['approve', 'device', 'press-8'])).toBe('device press-8 approved');
    expect(await done(['reject', 'device', 'press-9'])).toBe('device press-9 rejected');
    expect((await json('get', 'devices', 'press-9')).state.approval).toBe('REJECTED');
    const [first, second] = devices;
    const id = (await first?.enroll(signal)) ?? '';
    await first?.reportCapabilities(id, capabilities('press-7', { 'dev.tutti.runtime': 'process' }), signal);
    const other = (await second?.enroll(signal)) ?? '';
    await second?.reportCapabilities(other, capabilities('press-8', {}), signal);
    expect((await tutti(['reject', 'device', 'press-7'])).code).toBe(exitCodes.failed);
    expect((await tutti(['approve', 'device', 'nobody'])).code).toBe(exitCodes.notFound);
    expect((await tutti(['approve', 'package', 'hello'])).code).toBe(exitCodes.invalid);
  });
});

describe('tutti push, apply, get and describe', () => {
  it('pushes a component and a package to the registry of the host', async () => {
    const directory = join(folder, 'package');
    await cp(join(sample, 'package'), directory, { recursive: true });
    const host = new URL(wfm.url).host;
    const text = await readFile(join(directory, 'margo.yaml'), 'utf8');
    await writeFile(join(directory, 'margo.yaml'), text.replaceAll('localhost:8443', host));
    const component = ['push', join(sample, 'component'), `${host}/samples/hello-process:1.0.0`];
    const digest = await done(component);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await done(component)).toBe(digest);
    expect(await done(['push', directory, `${host}/samples/hello`])).toMatch(/^sha256:/);
    const nobody = await tutti(['push', directory, 'localhost:9/samples/hello']);
    expect(nobody.err).toContain('nothing listens there');
    expect(nobody.code).toBe(exitCodes.unreachable);
    const wrongTag = await tutti(['push', directory, `${host}/samples/hello:2.0.0`]);
    expect(wrongTag).toMatchObject({ code: exitCodes.invalid, out: '' });
    expect(wrongTag.err).toContain("the tag must be the package's version: 1.0.0, not 2.0.0");
    expect((await tutti(['push', folder, `${host}/samples/hello`])).code).toBe(exitCodes.invalid);
  });

  it('imports a package once', async () => {
    expect(await done(['apply', '-f', '-', '--wait'], packageYaml())).toMatch(
      /^package hello \([0-9a-f]{8}\) created$/,
    );
    expect(await done(['apply', '-f', '-', '--wait'], packageYaml())).toMatch(/unchanged$/);
    const { items } = await json('get', 'packages');
    expect(items).toHaveLength(1);
    expect(items[0].status.state).toBe('ONBOARDED');
    expect(await done(['describe', 'package', items[0].id.slice(0, 6)])).toContain('process (custom): hello');
  });

  it('tells why an import failed', async () => {
    const { code, err } = await tutti(['apply', '-f', '-', '--wait'], packageYaml().replace('1.0.0', '9.9.9'));
    expect(code).toBe(exitCodes.failed);
    expect(err).toContain('9.9.9');
  });

  it('says which devices can run it, and why others cannot', async () => {
    const { items } = await json('get', 'packages');
    const good = items.find((item: { status: { state: string } }) => item.status.state === 'ONBOARDED').id;
    const lines = (await done(['get', 'devices', '--package', good, '-o', 'wide'])).split('\n');
    expect(lines.find((line) => line.includes('press-7'))).toMatch(/\strue$/);
    expect(lines.find((line) => line.includes('press-8'))).toMatch(/\sfalse\s+process: /);
    const failed = items.find((item: { status: { state: string } }) => item.status.state === 'FAILED').id;
    const both = await tutti(['get', 'packages', 'hello']);
    expect(both.code).toBe(exitCodes.invalid);
    expect(both.err).toContain('"hello" can mean 2 packages');
    await done(['delete', 'package', failed]);
    expect(await done(['get', 'packages', '--limit', '1', '-o', 'yaml'])).toContain('name: hello');
  });

  it('deploys, waits for what the device reports, and knows the deployment again', async () => {
    const waiting = done(['apply', '-f', '-', '--wait'], deploymentYaml('Hi'));
    await report('installed');
    expect(await waiting).toMatch(/^deployment line-a \([0-9a-f]{8}\) created$/);
    expect(await done(['get', 'instances', 'line-a', '--package', 'hello'])).toMatch(/line-a/);
    expect(await done(['get', 'instances'])).toMatch(/line-a\s+1\.0\.0\s+\w+\s+INSTALLED/);
    expect(await done(['apply', '-f', '-'], deploymentYaml('Hi'))).toMatch(/unchanged$/);
    expect(await done(['apply', '-f', '-'], deploymentYaml('Ho'))).toMatch(/updated$/);
    expect(await done(['describe', 'deployment', 'line-a'])).toContain('greeting = "Ho"');
  });

  it('compares the whole of a deployment, and refuses what cannot change', async () => {
    const { id } = (await json('get', 'deployments')).items[0];
    const apply = (metadata: string, spec: string): Promise<Outcome> =>
      tutti(
        ['apply', '-f', '-'],
        `kind: ApplicationDeployment\nmetadata: { name: line-a${metadata} }\nspec: { appPackageRef: { id: hello }${spec} }\n`,
      );
    const here = ', deviceRef: { id: press-7 }';
    const outcome = async (metadata: string, spec: string): Promise<string | undefined> => {
      const { code, out, err } = await apply(metadata, spec);
      expect(code, err).toBe(exitCodes.ok);
      return out.trimEnd().split(' ').at(-1);
    };
    expect(await outcome(', labels: { shift: early }', `${here}, parameters: { greeting: Ho }`)).toBe('updated');
    expect(await outcome(', labels: { shift: early }', `${here}, parameters: { greeting: Ho }`)).toBe('unchanged');
    expect(await outcome('', here)).toBe('updated');
    const [plain] = (await json('get', 'deployments')).items;
    expect([plain.metadata.labels, plain.spec.parameters]).toEqual([{}, {}]);
    expect(await outcome('', ', deviceRef: { labels: { dev.tutti.runtime: process } }')).toBe('unchanged');
    const refused = async (metadata: string, spec: string, code: number, words: string): Promise<void> => {
      const ended = await apply(metadata, spec);
      expect({ code: ended.code, err: ended.err }).toEqual({ code, err: expect.stringContaining(words) });
    };
    await refused('', `${here}, deploymentProfile: { id: none }`, exitCodes.invalid, 'the package has no profile none');
    await refused('', ', deviceRef: { labels: { room: attic } }', exitCodes.failed, 'does not have these labels');
    await refused(`, id: ${id}`, ', deviceRef: { id: press-8 }', exitCodes.failed, 'and that cannot change');
    // Under its name alone it is another deployment, which that device cannot run.
    await refused('', ', deviceRef: { id: press-8 }', exitCodes.failed, 'placed nowhere');
    expect(await done(['apply', '-f', '-'], deploymentYaml('Ho'))).toMatch(/updated$/);
  });

  it('makes one deployment of many that are applied at once', async () => {
    const yaml = deploymentYaml('Hi').replace('line-a', 'line-b');
    const ends = await Promise.all(Array.from({ length: 5 }, () => tutti(['apply', '-f', '-'], yaml)));
    expect(ends.filter(({ out }) => out.includes('created'))).toHaveLength(1);
    for (const { code, err } of ends) if (code !== exitCodes.ok) expect(err).toContain('default/line-b already');
    await done(['delete', 'deployment', 'line-b', '--force']);
  });

  it('gives up waiting with a status of its own, and tells what the device reported as failed', async () => {
    const late = await tutti(['apply', '-f', '-', '--wait', '--timeout', '300ms'], deploymentYaml('Hu'));
    expect(late.code).toBe(exitCodes.timeout);
    const waiting = tutti(['apply', '-f', '-', '--wait'], deploymentYaml('Hu'));
    await report('failed', { code: 'E1', source: 'test', message: 'the port is taken' });
    const { code, err } = await waiting;
    expect(code).toBe(exitCodes.failed);
    expect(err).toContain('deployment line-a failed: the port is taken (E1)');
  });

  it('keeps a package that is used, and deletes in order', async () => {
    const used = await tutti(['delete', 'package', 'hello']);
    expect(used.code).toBe(exitCodes.failed);
    expect(used.err).toContain('is used by 1 deployment');
    const waiting = done(['delete', 'deployment', 'line-a', '--wait'], '');
    await report('removed');
    expect(await waiting).toBe('deployment line-a removed');
    expect((await tutti(['describe', 'deployment', 'line-a'])).code).toBe(exitCodes.notFound);
    await done(['apply', '-f', '-'], deploymentYaml('Hi'));
    expect(await done(['delete', 'deployment', 'line-a', '--force'])).toBe('deployment line-a removed');
    expect(await done(['delete', 'package', 'hello'])).toBe('package hello deleted');
    expect((await json('get', 'packages')).items).toEqual([]);
  });

  it('imports a package before it deploys it from the same file, also when it waits for nothing else', async () => {
    expect(await done(['apply', '-f', '-'], `${packageYaml()}---\n${deploymentYaml('Hi')}`)).toMatch(
      /^package hello \(\w+\) created\ndeployment line-a \(\w+\) created$/,
    );
    await done(['delete', 'deployment', 'line-a', '--force']);
    await done(['delete', 'package', 'hello']);
  });

  it('does nothing with a file that is wrong', async () => {
    const wrong = await tutti(['apply', '-f', '-'], `${packageYaml()}---\nkind: Pod\n`);
    expect(wrong.code).toBe(exitCodes.invalid);
    expect(wrong.err).toContain('document 2: kind is "Pod"');
    expect((await json('get', 'packages')).items).toEqual([]);
    expect((await tutti(['apply', '-f', '-'], 'a: [')).code).toBe(exitCodes.invalid);
    expect((await tutti(['apply', '-f', join(folder, 'nothing.yaml')])).code).toBe(exitCodes.invalid);
    const unknown = await tutti(['apply', '-f', '-'], packageYaml().replace('metadata:', 'colour: red\nmetadata:'));
    expect(unknown).toMatchObject({ code: exitCodes.invalid });
    expect(unknown.err).toContain('colour');
  });

  /** What the device says of the only deployment, once there is one to say it of. */
  async function report(
    state: 'installed' | 'failed' | 'removed',
    error?: { code: string; source: string; message: string },
  ) {
    const [first] = devices;
    const clientId = (await json('get', 'devices', 'press-7')).id;
    const wanted = { installed: 'PENDING', failed: 'UPDATING', removed: 'REMOVING' }[state];
    await expect
      .poll(async () => (await json('get', 'deployments')).items[0]?.status.state, { timeout: 20_000 })
      .toBe(wanted);
    const deploymentId = (await json('get', 'deployments')).items[0].id;
    const components = [{ name: 'hello', state, ...(error && { error }) }];
    // What a device says counts once it has been told what is wanted.
    await first?.manifest(clientId, undefined, signal);
    await first?.reportStatus(clientId, { deploymentId, state, components, ...(error && { error }) }, signal);
  }
});

describe('getting in', () => {
  it('lets a token do what its role allows', async () => {
    const viewer = await done(['token', 'create', 'guest', '--lifetime', '1h']);
    const guest = commandLine({ TUTTI_SERVER: wfm.url, TUTTI_DATA: wfm.data, TUTTI_TOKEN: viewer });
    expect((await guest(['get', 'devices'])).code).toBe(0);
    const refused = await guest(['apply', '-f', '-'], packageYaml());
    expect(refused.code).toBe(exitCodes.denied);
    expect(refused.err).toContain('the token comes from TUTTI_TOKEN; use one with a higher role');
    const { items } = await json('token', 'list');
    const id = items.find(({ name }: { name: string }) => name === 'guest').id;
    expect(await done(['token', 'revoke', id])).toBe(`token ${id} revoked`);
    expect((await guest(['get', 'devices'])).code).toBe(exitCodes.denied);
  });

  it('says what to do about a token, a certificate or an address that is wrong', async () => {
    const base = { TUTTI_SERVER: wfm.url, TUTTI_DATA: wfm.data };
    const outcome = (env: Readonly<Record<string, string>>) => commandLine({ ...base, ...env })(['get', 'devices']);
    expect(await outcome({ TUTTI_TOKEN: 'nonsense' })).toMatchObject({ code: exitCodes.denied, out: '' });
    const noFile = await outcome({ TUTTI_TOKEN_FILE: join(folder, 'nothing') });
    expect(noFile.code).toBe(exitCodes.denied);
    expect(noFile.err).toContain('--token-file');
    const untrusted = await outcome({ TUTTI_CA: join(folder, 'ca', 'device-ca.crt') });
    expect(untrusted.code).toBe(exitCodes.unreachable);
    expect(untrusted.err).toMatch(/is not trusted: .*\n.*--ca FILE/);
    const away = await outcome({ TUTTI_SERVER: 'https://localhost:1' });
    expect(away.code).toBe(exitCodes.unreachable);
    expect(away.err).toContain('is the host running?');
    expect((await outcome({ TUTTI_SERVER: 'http://wfm.example' })).code).toBe(exitCodes.invalid);
  });

  it('refuses what it does not know', async () => {
    expect((await tutti(['get', 'pods'])).code).toBe(exitCodes.invalid);
    expect((await tutti(['get', 'devices', '--colour'])).code).toBe(exitCodes.invalid);
    expect((await tutti(['delete', 'device', 'press-9'])).code).toBe(0);
    expect((await tutti(['describe', 'device', 'press-9'])).code).toBe(exitCodes.notFound);
  });
});
