import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from './command-line.js';
import { createTerminal } from './terminal.js';

async function tutti(
  words: readonly string[],
  { env = {}, person = false }: { env?: Record<string, string>; person?: boolean } = {},
): Promise<{ code: number; out: string; err: string }> {
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: person });
  const signal = new AbortController().signal;
  const code = await runCommandLine(words, createTerminal({ env, stdin: Readable.from([]), stdout, stderr, signal }));
  stdout.end();
  stderr.end();
  return { code, out: await text(stdout), err: await text(stderr) };
}

describe('the command line', () => {
  it('documents commands and exit codes', async () => {
    const { code, out, err } = await tutti(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const word of [
      'run',
      'validate',
      'explain',
      'schema',
      'openapi',
      'get',
      'apply',
      'push',
      'pki',
      'token',
      'approve',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${word} `, 'm'));
    }
    expect(out).toContain('5  the host cannot be reached');
  });

  it('ends with 2 and says where to look for a word that it does not know', async () => {
    const { code, out, err } = await tutti(['deploy']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain("unknown command 'deploy'");
    expect((await tutti(['apply'])).code).toBe(2);
    expect((await tutti(['get', 'devices', '--limit', 'many'])).code).toBe(2);
  });

  it('validates profiles, and reports every fault of one that is wrong', async () => {
    const good = await tutti(['validate', 'config/wfm.yaml']);
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out).toContain('config/wfm.yaml is valid: profile wfm');
    const wrong = await tutti(['validate', 'core/profile/testdata/faulty/unknown-type.yaml']);
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain('unknown type');
  });

  it('names a next step to a person, in colours where they are wanted, and to nobody else', async () => {
    const plain = await tutti(['validate', 'config/wfm.yaml']);
    expect(plain.err).toBe('');
    const person = await tutti(['validate', 'config/wfm.yaml'], { person: true });
    expect(person.err).toBe('\u001b[2mnext:\u001b[22m tutti run config/wfm.yaml\n');
    const monochrome = await tutti(['validate', 'config/wfm.yaml'], { person: true, env: { NO_COLOR: '1' } });
    expect(monochrome.err).toBe('next: tutti run config/wfm.yaml\n');
  });

  it('explains a type from its definition', async () => {
    const { out } = await tutti(['explain', 'manager.catalog']);
    expect(out).toMatch(/Provides:\s+manager\.catalog/);
    expect(out).toMatch(/registry\s+registry\s+one\s+registry\.harbor, registry\.oci/);
    const all = await tutti(['explain']);
    expect(all.out).toMatch(/^binding\.http\s+bindings\s+\S/m);
    const near = await tutti(['explain', 'state.sqlit']);
    expect(near).toMatchObject({
      code: 2,
      err: 'error: there is no type "state.sqlit"\ndid you mean "state.sqlite"?\n',
    });
  });

  it('prints a JSON Schema of all built-in types', async () => {
    const { out } = await tutti(['schema']);
    const schema = JSON.parse(out);
    expect(JSON.stringify(schema)).toContain('"target.process"');
    expect(Object.keys(schema.properties)).toContain('providers');
  });

  it('prints OpenAPI of the HTTP binding of a profile', async () => {
    const { code, out } = await tutti(['openapi', 'config/wfm.yaml']);
    const document = JSON.parse(out);
    expect({ code, openapi: document.openapi, title: document.info.title }).toEqual({
      code: 0,
      openapi: '3.1.0',
      title: 'wfm',
    });
    expect(document.servers).toEqual([{ url: 'https://127.0.0.1:8443' }]);
    expect(document.paths).toHaveProperty('/nbi/v1/app-packages.post.operationId', 'packages.import');
    const wrong = await tutti(['openapi', 'config/wfm.yaml', '--binding', 'http']);
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain('there are: https');
  });
});
