import { afterEach, describe, expect, it } from 'vitest';
import {
  CredentialIssuer,
  defineManager,
  definePort,
  defineProvider,
  every,
  type Lifecycle,
  PullCredentials,
  SecretProvider,
} from '../plugin/index.js';
import { startTestHost, type TestHost } from '../testing/host.js';

interface Vault {
  get(name: string): Promise<string>;
}
const Vault = definePort<Vault>('vault', 'No port of secrets');

/** Keeps private what a proxy cannot see, and writes down what is done to it. */
class Keeper implements SecretProvider, Lifecycle {
  readonly #values = new Map([
    ['token', 'hunter2hunter2'],
    ['later', 'after the rotation'],
    ['pin', '123'],
  ]);
  #started = false;
  start(): void {
    this.#started = true;
  }
  async get(name: string): Promise<string> {
    const value = this.#values.get(name);
    if (!this.#started || value === undefined) throw new Error(`there is no ${name}`);
    return value;
  }
}

const keeper = defineProvider({
  port: SecretProvider,
  type: 'secret.keeper',
  version: '1.0.0',
  create: () => new Keeper(),
});
const vault = defineProvider({ port: Vault, type: 'vault.keeper', version: '1.0.0', create: () => new Keeper() });

const curious = defineManager({
  type: 'manager.curious',
  version: '1.0.0',
  uses: { secrets: SecretProvider, all: every(SecretProvider), vault: Vault },
  create: ({ uses: { secrets, all, vault }, log }) => ({
    async start() {
      const token = await secrets.get('token');
      log.info(`got ${token}`, { nested: { token }, error: new Error(`not ${token}`) });
      log.info(`all have ${await [...all.values()][0]?.get('later')}`);
      log.info(`the pin is ${await secrets.get('pin')}, the vault has ${await vault.get('later')}`);
      await secrets.get('none').catch((error: Error) => log.info(error.message));
    },
  }),
});

let host: TestHost;
afterEach(() => host.stop());

describe('an entry that asks for secrets', () => {
  it('gets their values, and the log never has them', async () => {
    host = await startTestHost({
      definitions: [keeper, vault, curious],
      profile: `
profile: secrets
providers:
  keeper: { type: secret.keeper }
  vault:  { type: vault.keeper }
managers:
  curious: { type: manager.curious }
`,
    });
    const log = host.log();
    expect(log).toContain('got [secret]');
    expect(log).toContain('all have [secret]');
    expect(log).toContain('there is no none');
    expect(log).not.toContain('hunter2');
    // Too short to hide without hiding half of every text.
    expect(log).toContain('the pin is 123');
  });
});

describe('an entry that asks for pull credentials', () => {
  const credential = (password: string) => [{ registry: 'registry.test', username: 'press-7', password }];
  const made = defineProvider({
    port: CredentialIssuer,
    type: 'credentials.keeper',
    version: '1.0.0',
    create: () => ({ issue: async () => credential('made for press-7'), revoke: async () => undefined }),
  });
  const handed = defineProvider({
    port: PullCredentials,
    type: 'pull-credentials.keeper',
    version: '1.0.0',
    create: () => ({
      current: async () => credential('handed to press-7'),
      async *changes() {
        yield ['registry.test'];
      },
      refused: async () => undefined,
    }),
  });
  const open = defineManager({
    type: 'manager.open',
    version: '1.0.0',
    uses: { issuer: CredentialIssuer, pulls: PullCredentials },
    create: ({ uses: { issuer, pulls }, log }) => ({
      async start() {
        log.info('all of it', { made: await issuer.issue('press-7'), handed: await pulls.current() });
      },
    }),
  });

  it('gets their passwords, and the log never has them', async () => {
    host = await startTestHost({
      definitions: [made, handed, open],
      profile: `
profile: credentials
providers:
  made:   { type: credentials.keeper }
  handed: { type: pull-credentials.keeper }
managers:
  open:   { type: manager.open }
`,
    });
    expect(host.log()).toContain('all of it');
    expect(host.log()).not.toMatch(/(?:made for|handed to) press-7/);
  });
});
