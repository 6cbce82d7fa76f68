import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ArtifactRegistry, SecretFault, type SecretProvider } from '../../../core/plugin/index.js';
import { type TestContext, testContext } from '../../../core/testing/index.js';
import { listen, type Serving } from '../../../test/registry/serve.js';
import registryOci from './index.js';

const basic = (password: string): string => `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`;

let serving: Serving;
/** What the registry takes at the moment. */
let good: string;
let open: TestContext<ArtifactRegistry>[];

beforeEach(async () => {
  good = 'first';
  open = [];
  serving = await listen((request, response) => {
    if (request.headers.authorization === basic(good)) response.end('{"tags":["a"]}');
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="plant"' }).end();
  });
});
afterEach(async () => {
  for (const context of open) await context.dispose();
  await serving.stop();
});

async function registryWith(secrets?: SecretProvider): Promise<ArtifactRegistry> {
  const context = await testContext<ArtifactRegistry>(registryOci, {
    config: { registries: [{ url: serving.url, username: 'ada', passwordSecret: 'harbor/ada' }] },
    ...(secrets && { uses: { secrets } }),
  });
  open.push(context);
  return context.instance;
}

const tags = (registry: ArtifactRegistry, signal?: AbortSignal): Promise<readonly string[]> =>
  registry.tags({ registry: serving.host, repository: 'apps/pump' }, signal && { signal });

describe('a password that is kept as a secret', () => {
  it('is asked for at each use, so that a rotated one counts at once', async () => {
    const asked: string[] = [];
    const registry = await registryWith({
      get: async (name) => {
        asked.push(name);
        return good;
      },
    });
    expect(await tags(registry)).toEqual(['a']);
    good = 'second';
    expect(await tags(registry)).toEqual(['a']);
    expect(new Set(asked)).toEqual(new Set(['harbor/ada']));
  });

  it.each([
    ['not-found', 'denied'],
    ['denied', 'denied'],
    ['invalid', 'denied'],
    ['unreachable', 'unreachable'],
  ] as const)('that is %s makes the registry %s', async (secret, reason) => {
    const fault = new SecretFault(secret, 'the vault says no');
    const registry = await registryWith({ get: () => Promise.reject(fault) });
    await expect(tags(registry)).rejects.toMatchObject({
      name: 'RegistryFault',
      reason,
      message: `registry ${serving.host}: its password (\`passwordSecret: harbor/ada\`) cannot be had: the vault says no`,
    });
  });

  it('is not waited for by who has gone', async () => {
    const registry = await registryWith({
      get: (_, signal) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    });
    const gone = new AbortController();
    const answer = tags(registry, gone.signal);
    const reason = new Error('enough');
    gone.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });

  it('keeps a host from starting that has nobody to ask for it', async () => {
    await expect(registryWith()).rejects.toThrow(
      `the password of ${serving.url} is in a secret (\`passwordSecret\`), and no provider of the profile keeps secrets; ` +
        'add one, such as `secrets: { type: secret.file, config: { directory: /run/secrets } }`',
    );
  });
});
