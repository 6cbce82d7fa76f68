import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConnection, serverAddress } from './connection.js';

describe('serverAddress', () => {
  it.each([
    [{}, {}, 'https://localhost:8443/nbi/v1'],
    [{}, { TUTTI_SERVER: 'https://a.example' }, 'https://a.example/nbi/v1'],
    [{}, { TUTTI_SERVER: '' }, 'https://localhost:8443/nbi/v1'],
    [{ server: 'https://b.example/' }, { TUTTI_SERVER: 'https://a.example' }, 'https://b.example/nbi/v1'],
    [{ server: 'https://c.example/fleet/nbi/v1/' }, {}, 'https://c.example/fleet/nbi/v1'],
    [{ server: 'http://127.0.0.1:80' }, {}, 'http://127.0.0.1/nbi/v1'],
    [{ server: 'http://[::1]:8080' }, {}, 'http://[::1]:8080/nbi/v1'],
    [{ server: 'http://localhost' }, {}, 'http://localhost/nbi/v1'],
  ])('of %j and %j', (options, env, base) => expect(serverAddress(options, env).base).toBe(base));

  it.each([
    ['grpcs://a.example:9443', 'grpcs://a.example:9443', '/nbi/v1', 'grpcs://a.example:9443/nbi/v1'],
    ['grpc://[::1]:9', 'grpc://[::1]:9', '/nbi/v1', 'grpc://[::1]:9/nbi/v1'],
    ['mqtts://broker.example', 'mqtts://broker.example', '/nbi/v1', 'mqtts://broker.example'],
    ['mqtts://me@broker.example/plant/', 'mqtts://broker.example', '/nbi/v1', 'mqtts://broker.example/plant'],
  ])('of %s', (server, url, prefix, base) => {
    expect(serverAddress({ server }, {})).toMatchObject({ url, prefix, base, scheme: server.split(':')[0] });
  });

  it('of a broker has a user and a root of topics', () => {
    expect(serverAddress({ server: 'mqtts://plant%20a@broker.example/plant-a/' }, {})).toMatchObject({
      username: 'plant a',
      root: 'plant-a',
    });
    expect(serverAddress({ server: 'mqtts://broker.example' }, {})).not.toHaveProperty('username');
  });

  it('names all schemes to who gives another one', () => {
    expect(() => serverAddress({ server: 'tcp://a.example' }, {})).toThrow(
      /https:\/\/, grpcs:\/\/ or mqtts:\/\/, and for this machine with these or http:\/\/, grpc:\/\/ or mqtt:\/\//,
    );
  });

  it('shows no password', () => {
    expect(() => serverAddress({ server: 'mqtts://me:secret@a.example' }, {})).toThrow(
      '"mqtts://me:...@a.example" cannot be the server: credentials do not belong in it',
    );
  });

  it.each([
    'grpc://a.example',
    'mqtt://a.example',
    'grpcs://me@a.example',
    'mqtts://50%@a.example',
    'mqtts://a.example/two/levels',
    'mqtts:1883',
    'localhost:8443',
    'http://a.example',
    'http://127.evil.example',
    'ftp://a.example',
    'https://u:p@a.example',
    'nonsense',
  ])('refuses %s', (server) => expect(() => serverAddress({ server }, {})).toThrow('cannot be the server'));
});

describe('resolveConnection', () => {
  let folder: string;
  const put = async (name: string, text: string): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'connection-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('takes the token from the option, else the environment, else the data of the host', async () => {
    const tokenFile = await put('option.token', 'from-option\n');
    const TUTTI_TOKEN_FILE = await put('variable.token', 'from-variable\n');
    await put('admin.token', 'from-data\n');
    const token = async (options: { tokenFile?: string }, env: Record<string, string>): Promise<string> =>
      (await resolveConnection(options, { TUTTI_DATA: folder, ...env })).token;
    expect(await token({ tokenFile }, { TUTTI_TOKEN: 'direct', TUTTI_TOKEN_FILE })).toBe('from-option');
    expect(await token({}, { TUTTI_TOKEN: 'direct', TUTTI_TOKEN_FILE })).toBe('direct');
    expect(await token({}, { TUTTI_TOKEN_FILE })).toBe('from-variable');
    expect(await token({}, {})).toBe('from-data');
  });

  it('refuses a token that is missing, empty or no token, and shows nothing of it', async () => {
    for (const tokenFile of [join(folder, 'nothing'), await put('empty', '\n'), await put('two', 'secret words\n')]) {
      const fault = await resolveConnection({ tokenFile }, {}).catch((error: unknown) => error);
      expect(fault).toMatchObject({ exitCode: 4 });
      expect(String(fault)).not.toContain('secret words');
    }
  });

  it('needs the CA file that is named, and not the one that is only usual', async () => {
    const env = { TUTTI_DATA: folder, TUTTI_TOKEN: 'x' };
    expect(await resolveConnection({}, env)).toHaveProperty('caFile', undefined);
    await expect(resolveConnection({ ca: join(folder, 'nothing') }, env)).rejects.toThrow('the CA file cannot be read');
    const ca = await put('ca.pem', 'PEM');
    expect(await resolveConnection({ ca }, env)).toHaveProperty('caFile', ca);
  });
});
