import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureDeviceCa, issueDeviceCertificate, SigningKey } from '../../core/identity/index.js';
import { makeSite, type Site } from './site.js';

const patience = { timeout: 15_000, interval: 50 };
const day = 86_400_000;

describe('an agent says why it cannot reach its fleet manager', () => {
  let site: Site;
  beforeEach(async () => {
    site = await makeSite({ onboarding: 'ca' });
    await site.wfm.start();
  });
  afterEach(() => site?.close());

  /** Gives the agent a certificate of the authority in a directory. */
  const identify = async (authority: string, now: number): Promise<void> => {
    const key = SigningKey.generate();
    const request = { name: 'device-1', key: key.verificationKey, now, days: 1 };
    const { pem } = await issueDeviceCertificate(await ensureDeviceCa(authority, now), request);
    const directory = join(site.agent.data, 'identity');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'device.key'), key.exportPem(), { mode: 0o600 });
    writeFileSync(join(directory, 'device.crt'), pem);
  };
  /** The line of the verbose health report that is about the fleet manager, once it is bad. */
  const reason = async (): Promise<string> =>
    vi.waitFor(async () => {
      const line = (await site.agent.health()).split('\n').find((each) => /^\[[!-]\]sync /.test(each));
      if (line === undefined) throw new Error('it is healthy');
      return line;
    }, patience);
  const own = (): string => join(site.wfm.data, 'pki');

  it('which a device of its device CA can', async () => {
    await identify(own(), Date.now());
    await site.agent.start();
    await site.api.onlyDevice();
    await vi.waitFor(async () => expect(await site.agent.health()).toMatch(/sync .* ok$/m), patience);
  });

  it('with a certificate that has expired', async () => {
    await identify(own(), Date.now() - 3 * day);
    await site.agent.start();
    expect(await reason()).toMatch(/answered 40\d: .*certificate.* (expired|was valid until)/);
  });

  it('with a certificate of another authority', async () => {
    await identify(join(site.directory, 'elsewhere'), Date.now());
    await site.agent.start();
    expect(await reason()).toMatch(/answered 403: the device CA does not vouch for the certificate: /);
    expect(await site.api.devices()).toEqual([]);
  });

  it('with a certificate that it made itself', async () => {
    await site.agent.start();
    expect(await reason()).toMatch(/answered 403: the device CA does not vouch for the certificate: /);
  });

  it('whose certificate another CA signed', async () => {
    await ensureDeviceCa(join(site.directory, 'elsewhere'), Date.now());
    const wrong = join(site.directory, 'elsewhere', 'device-ca.crt');
    await site.agent.start({ TUTTI_WFM_CA: wrong });
    expect(await reason()).toContain(`its certificate is not signed by the CA in ${wrong}`);
  });

  it('whose CA file is not there', async () => {
    await site.agent.start({ TUTTI_WFM_CA: join(site.directory, 'nowhere.crt') });
    expect(await reason()).toContain(`the CA file ${join(site.directory, 'nowhere.crt')} cannot be read`);
  });
});
