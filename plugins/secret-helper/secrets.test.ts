import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSecretName, type SecretProvider } from 'tutti/plugin';
import { cases, systemClock, type TestContext, testContext } from 'tutti/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import conformance from './conformance.ts';
import { type HelperStore, helperStore, writeHelper } from './helper-store.ts';
import definition from './index.ts';

for (const { name, run } of cases(conformance)) test(name, run);

let folder: string;
let store: HelperStore;
let secrets: TestContext<SecretProvider>;

/** Another program in place of the helper. */
const helper = (body: string): Promise<void> => writeHelper(folder, body);

async function open(more: object = {}): Promise<TestContext<SecretProvider>> {
  const config = { helper: 'kit', directory: folder, timeoutSeconds: 60, ...more };
  return testContext<SecretProvider>(definition, { config, clock: systemClock });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secret-helper-'));
  store = await helperStore(folder);
  secrets = await open();
});
afterEach(async () => {
  await secrets.dispose();
  await rm(folder, { recursive: true });
});

describe('a secret', () => {
  test.each([
    ['plain', 'correct horse battery staple', undefined],
    ['with spaces and quotes', '  "two" \' $HOME `x` \\n  ', undefined],
    ['of several lines', '-----BEGIN-----\nMIIB\r\nAAAA\n-----END-----', undefined],
    ['of all of Unicode', 'pässwörd 密码 🔑 \u202e', undefined],
    ['that an editor ended', 'text\n', 'text'],
    ['that an editor of Windows ended', 'text\r\n', 'text'],
    ['that ends with an empty line', 'text\n\n', 'text\n'],
    ['as long as it may be', 'x'.repeat(65_536), undefined],
  ])('%s is given as it was put there', async (_, value, expected = value) => {
    await store.answer('plant/token', value);
    expect(await secrets.instance.get('plant/token')).toBe(expected);
  });

  test.each([
    ['empty', ''],
    ['nothing but a line break', '\n'],
    ['too long', 'x'.repeat(65_537)],
    ['no text', { user: 'me' }],
  ])('that is %s is invalid', async (_, value) => {
    await store.answer('token', value);
    await expect(secrets.instance.get('token')).rejects.toMatchObject({ name: 'SecretFault', reason: 'invalid' });
  });

  test('that is not there is not found, also where the helper answers nothing instead of saying so', async () => {
    await helper('echo \'{"ServerURL":"x","Username":"","Secret":""}\'');
    await expect(secrets.instance.get('plant/token')).rejects.toMatchObject({ reason: 'not-found' });
  });
});

test('what is no name is never asked for', async () => {
  await helper(`touch ${folder}/asked`);
  for (const name of ['', '../x', 'a//b', 'a b', '$(id)', 'x\n', 'é', 'x'.repeat(254)]) {
    expect(isSecretName(name)).toBe(false);
    await expect(secrets.instance.get(name)).rejects.toMatchObject({ reason: 'invalid' });
  }
  await expect(readFile(join(folder, 'asked'))).rejects.toThrow('ENOENT');
});

test.each([
  ['is not there', undefined, 'unreachable', /cannot be run: ENOENT$/],
  ['is killed', 'kill -9 $$', 'unreachable', /ended with a signal/],
  ['answers no JSON', 'echo hunter2', 'invalid', /did not answer as credential helpers do/],
  ['answers something else', 'echo \'{"Password":"hunter2"}\'', 'invalid', /did not answer as credential helpers do/],
  ['answers no text', "printf '\\377hunter2'", 'invalid', /did not answer as credential helpers do/],
  ['says the secret, and fails', 'echo hunter2; exit 3', 'unreachable', /ended with 3/],
  ['answers without end', 'exec yes hunter2', 'invalid', /more than 524288 bytes/],
])('a helper that %s is told of, and not what it said', async (_, body, reason, message) => {
  await rm(join(folder, 'docker-credential-kit'));
  if (body !== undefined) await helper(body);
  const fault = await secrets.instance.get('token').catch((error: unknown) => error);
  expect(fault).toMatchObject({ name: 'SecretFault', reason, message: expect.stringMatching(message) });
  expect(String(fault)).not.toContain('hunter2');
});

describe('a helper that hangs', () => {
  const pid = (): Promise<number> =>
    vi.waitFor(
      async () => {
        const text = await readFile(join(folder, 'pid'), 'utf8');
        if (!text.endsWith('\n')) throw new Error('it has not started yet');
        return Number(text);
      },
      { timeout: 30_000 },
    );
  beforeEach(() => helper(`echo $$ >${folder}/pid; exec sleep 100000`));

  test('is ended when its time is over', async () => {
    await secrets.dispose();
    secrets = await open({ timeoutSeconds: 0.2 });
    const message = expect.stringMatching(/did not answer within 0.2 seconds$/);
    await expect(secrets.instance.get('token')).rejects.toMatchObject({ reason: 'unreachable', message });
  });

  test('is ended when its caller gives up, with the reason of the caller', async () => {
    const abort = new AbortController();
    const got = secrets.instance.get('token', abort.signal).catch((error: unknown) => error);
    const running = await pid();
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await got).toBe(reason);
    await vi.waitFor(() => expect(() => process.kill(running, 0)).toThrow('ESRCH'), { timeout: 30_000 });
  });

  test('does not keep a caller that gives up while it waits for another', async () => {
    await secrets.dispose();
    secrets = await open({ parallel: 1 });
    const abort = new AbortController();
    let hangs = true;
    const first = secrets.instance.get('token').catch(() => {
      hangs = false;
    });
    await pid();
    const second = secrets.instance.get('token', abort.signal).catch((error: unknown) => error);
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await second).toBe(reason);
    expect(hangs).toBe(true);
    await secrets.dispose();
    await first;
  });

  test('is ended with the host', async () => {
    await secrets.dispose();
    secrets = await open({ parallel: 1 });
    const got = ['token', 'another'].map((name) => secrets.instance.get(name).catch((error: unknown) => error));
    await pid();
    await secrets.dispose();
    const fault = expect.objectContaining({ reason: 'unreachable', message: 'the provider of secrets has stopped' });
    expect(await Promise.all(got)).toEqual([fault, fault]);
  });
});

test('a caller that has given up already is not served', async () => {
  await store.answer('token', 'value');
  await expect(secrets.instance.get('token', AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
});
