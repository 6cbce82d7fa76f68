import { afterEach, describe, expect, it } from 'vitest';
import { parseCertificate } from '../../core/identity/index.js';
import { incomingCall, type Outcome } from '../../core/plugin/index.js';
import { base64Der } from '../../test/device-api/authority.js';
import type { Device } from '../../test/device-api/device.js';
import { startWfm, type Wfm } from '../../test/device-api/wfm.js';

let wfm: Wfm | undefined;
afterEach(async () => {
  await wfm?.stop();
  wfm = undefined;
});
async function start(vendor = 'clientCertificates: true', onboarding: 'ca' | 'approve' = 'ca'): Promise<Wfm> {
  wfm = await startWfm({ vendor, onboarding });
  return wfm;
}

interface Shown {
  readonly certificate?: Device | undefined;
  readonly name?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A call as a binding brings it that has verified a certificate, or whose broker vouches for a name. */
async function ask({ surface }: Wfm, id: string, input: Record<string, unknown>, shown: Shown): Promise<string> {
  const mounted = surface.operations.find(({ operation }) => operation.id === id);
  if (!mounted) throw new Error(`no ${id}`);
  const outcome: Outcome = await surface.gate.invoke(
    mounted,
    incomingCall(mounted, {
      origin: 'https://wfm',
      headers: shown.headers ?? {},
      input: () => input,
      signal: new AbortController().signal,
      clientName: shown.name,
      clientCertificate: shown.certificate && parseCertificate(shown.certificate.certificate).der,
    }),
  );
  return outcome.kind === 'problem' ? `${outcome.problem.kind.status} ${outcome.problem.detail}` : outcome.kind;
}
const poll = (site: Wfm, { clientId }: Device, shown: Shown) => ask(site, 'deployments.manifest', { clientId }, shown);

describe('a client certificate', () => {
  it('is as good as a signature for its own device, and for no other', async () => {
    const site = await start();
    const [device, other] = [await site.ready(), await (await site.device({ name: 'other' })).onboard()];
    expect(await poll(site, device, { certificate: device })).toBe('representation');
    expect(await poll(site, other, { certificate: device })).toMatch(/^403 .*its own/);
    expect(await poll(site, device, {})).toMatch(/^401 .*Signature realm="margo" or Certificate/);
  });

  it('counts only where the profile says so', async () => {
    const site = await start('');
    const device = await site.ready();
    expect(await poll(site, device, { certificate: device, name: 'press-7' })).toMatch(/^401/);
    const certificate = base64Der(device.certificate);
    expect(await ask(site, 'onboarding.onboard', { certificate }, { certificate: device })).toMatch(/^401/);
  });

  it('of a device that is not here, or may not be any more, is refused', async () => {
    const site = await start();
    const device = await site.ready();
    const stranger = await site.device({ name: 'stranger' });
    expect(await poll(site, device, { certificate: stranger })).toMatch(/^404 no device with this client certificate/);
    await site.operate('POST', `/devices/${device.clientId}/revoke`);
    expect(await poll(site, device, { certificate: device })).toMatch(/^403 .*revoked/);
    expect(await poll(site, device, { name: 'press-7' })).toMatch(/^404 no device named press-7/);
  });

  it('does not save a request whose signature is wrong', async () => {
    const site = await start();
    const device = await site.ready();
    const headers = { signature: 's=:AA==:', 'signature-input': 's=()' };
    expect(await poll(site, device, { certificate: device, headers })).toMatch(/^401/);
  });

  it('that a broker vouches for by name is that of the one device of this name', async () => {
    const site = await start();
    const device = await site.ready();
    expect(await poll(site, device, { name: 'press-7' })).toBe('representation');
    const twin = await (await site.device()).onboard();
    for (const one of [device, twin]) expect(await poll(site, one, { name: 'press-7' })).toMatch(/^403 2 devices/);
    // The certificate itself tells more than its name.
    expect(await poll(site, twin, { name: 'press-7', certificate: twin })).toBe('representation');
  });
});

describe('onboarding by a client certificate', () => {
  it('takes the one that the connection was made with, and no other', async () => {
    const site = await start();
    const [device, other] = [await site.device(), await site.device({ name: 'other' })];
    const certificate = base64Der(device.certificate);
    expect(await ask(site, 'onboarding.onboard', { certificate }, { certificate: other })).toMatch(
      /^401 .*not the one/,
    );
    expect(await ask(site, 'onboarding.onboard', { certificate }, { name: 'press-7' })).toMatch(/^401 .*signed/);
    expect(await ask(site, 'onboarding.onboard', { certificate }, { certificate: device })).toBe('value');
    // It is a device's now, though not the one of this id.
    const input = { clientId: 'another' };
    expect(await ask(site, 'deployments.manifest', input, { certificate: device })).toMatch(/^403 .*its own/);
  });

  it('waits for the approval that the policy asks for', async () => {
    const site = await start('clientCertificates: true', 'approve');
    const device = await site.device();
    const certificate = base64Der(device.certificate);
    expect(await ask(site, 'onboarding.onboard', { certificate }, { certificate: device })).toMatch(/^403 .*approval/);
  });
});
