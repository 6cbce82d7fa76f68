import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getArtifacts, getRepositories } from '../../cli/commands/get-offer.js';
import { createTerminal } from '../../cli/terminal.js';
import { description } from '../device-api/registry.js';
import { expectProblem } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
beforeAll(async () => {
  wfm = await startWfm();
  for (const version of ['1.0.0', '1.1.0']) wfm.registry.addPackage('apps/pump', version, description(version));
  wfm.registry.addPackage('apps/valve', '1.0.0', description('1.0.0'));
  wfm.registry.addPackage('line/press', '1.0.0', description('1.0.0'));
});
afterAll(() => wfm[Symbol.asyncDispose]());

const get = (path: string) => wfm.ask('GET', `/registry/${path}`);

describe('what a registry offers', () => {
  it('is its repositories, page by page', async () => {
    const first = await get(`repositories?registry=${wfm.registry.host}&limit=2`);
    const { continue: next } = first.json['metadata'] as { readonly continue: string };
    expect(first.json['items']).toEqual([{ repository: 'apps/pump' }, { repository: 'apps/valve' }]);
    const last = await get(`repositories?registry=${wfm.registry.host}&limit=2&continue=${next}`);
    expect(last.json).toMatchObject({ items: [{ repository: 'line/press' }], metadata: {} });
    expect(last.json['metadata']).toEqual({});
    // A page of one registry says nothing about another.
    expectProblem(await get(`repositories?registry=other.test&continue=${next}`), 422, /begin again without it/);
  });

  it('is what a repository has, with digest and size', async () => {
    const { json } = await get(`artifacts?registry=${wfm.registry.host}&repository=apps/pump`);
    const one = { digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), size: expect.any(Number) };
    expect(json['items']).toEqual(['1.0.0', '1.1.0'].map((tag) => ({ tags: [tag], ...one })));
  });

  it('is nothing where there is no such repository, and not told of a registry that the profile does not name', async () => {
    expectProblem(await get(`artifacts?registry=${wfm.registry.host}&repository=apps/none`), 404, /apps\/none/);
    expectProblem(await get('repositories?registry=other.test'), 422, /the profile does not name it/);
    expectProblem(await get('repositories?registry=..%2Fx'), 422);
  });
});

describe('tutti get', () => {
  /** What a command writes. */
  async function shown(run: (terminal: ReturnType<typeof createTerminal>) => Promise<void>): Promise<string> {
    let text = '';
    const into = new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    });
    const env = { TUTTI_TOKEN: wfm.tokens.operator };
    const { signal } = new AbortController();
    await run(createTerminal({ env, signal, stdin: Readable.from([]), stdout: into, stderr: into }));
    return text;
  }
  const options = (output: 'table' | 'json', limit?: number) => ({
    ...{ server: wfm.host.url, output },
    ...(limit !== undefined && { limit }),
  });

  it('repositories lists them, no more than are wanted', async () => {
    const { host } = wfm.registry;
    const text = await shown((terminal) => getRepositories(terminal, host, options('table', 2)));
    expect(text).toMatch(/REPOSITORY\s+apps\/pump\s+apps\/valve\s/);
    expect(text).not.toContain('line/press');
  });

  it('artifacts lists them with what is known of each', async () => {
    const place = `${wfm.registry.host}/apps/pump`;
    expect(await shown((terminal) => getArtifacts(terminal, place, options('table')))).toMatch(
      /TAGS\s+DIGEST\s+BYTES\s+SCAN\s+1\.0\.0\s+sha256:[0-9a-f]{64}\s+\d+\s+-/,
    );
  });

  it('says of an address how a registry is written', async () => {
    const server = { server: 'https://nobody.test', output: 'table' } as const;
    const url = 'https://localhost:8443';
    await expect(shown((terminal) => getRepositories(terminal, url, server))).rejects.toThrow(/leave https:\/\/ away$/);
    for (const path of ['', '/', '/apps/pump'])
      await expect(shown((terminal) => getArtifacts(terminal, url + path, server))).rejects.toThrow(
        /leave https:\/\/ away$/,
      );
  });

  it('says what it lists those of', async () => {
    await expect(shown((terminal) => getRepositories(terminal, undefined, options('table')))).rejects.toThrow(
      /registry/,
    );
    await expect(shown((terminal) => getArtifacts(terminal, 'apps', options('table')))).rejects.toThrow(/repository/);
  });
});
