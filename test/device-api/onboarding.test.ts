import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base64Der, createAuthority } from './authority.js';
import { expectProblem } from './expect.js';
import { send } from './http.js';
import { generateKey, type Scheme, schemes } from './keys.js';
import { startWfm, type Wfm } from './wfm.js';

describe('GET /onboarding/certificate', () => {
  it('hands out the CA that the server certificate chains to', async () => {
    await using wfm = await startWfm({ binding: 'tls: auto' });
    const answer = await send(wfm.host.url, { path: '/api/v1/onboarding/certificate' }, wfm.ca);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(Object.keys(answer.json)).toEqual(['certificate']);
    const handedOut = new X509Certificate(Buffer.from(String(answer.json['certificate']), 'base64'));
    expect(handedOut.ca).toBe(true);
    expect(handedOut.fingerprint256).toBe(new X509Certificate(wfm.ca ?? '').fingerprint256);
  });
});

describe('GET /onboarding/certificate, where there is nothing to hand out', () => {
  it('is 404 without a CA of its own', async () => {
    await using wfm = await startWfm();
    expectProblem(await send(wfm.host.url, { path: '/api/v1/onboarding/certificate' }), 404, /operator/);
  });

  it('is 503 when the file that the profile names is not there', async () => {
    await using wfm = await startWfm({ vendor: 'serverCa: /nonexistent/ca.crt' });
    expectProblem(await send(wfm.host.url, { path: '/api/v1/onboarding/certificate' }), 503);
  });
});

describe('POST /onboarding, policy ca', () => {
  let wfm: Wfm;
  beforeAll(async () => {
    wfm = await startWfm();
  });
  afterAll(() => wfm.stop());

  it.each(Object.keys(schemes) as Scheme[])(
    'answers 201 with a client id to a device that signs with %s',
    async (scheme) => {
      const device = await wfm.device({ scheme });
      const answer = await device.present();
      expect({ status: answer.status, body: answer.text }).toMatchObject({ status: 201 });
      expect(answer.headers['content-type']).toBe('application/json');
      expect(answer.json).toEqual({ clientId: expect.stringMatching(/^[A-Za-z0-9._~-]+$/) });
    },
  );

  it('takes every way that clients write a certificate in, for the same client', async () => {
    const device = await wfm.device();
    const pem = device.certificate;
    const ids = [];
    for (const text of [base64Der(pem), Buffer.from(pem).toString('base64'), pem, pem.replaceAll('\n', '\r\n')]) {
      const answer = await device.present(text);
      expect(answer.status).toBe(201);
      ids.push(answer.json['clientId']);
    }
    const old = { apiVersion: 'v1', kind: 'OnboardingRequest', public_certificate: base64Der(pem) };
    ids.push((await device.present('', { body: old })).json['clientId']);
    expect(new Set(ids)).toEqual(new Set([expect.any(String)]));
    expect(new Set(ids).size).toBe(1);
  });

  it('gives one certificate one client, also to many requests at once', async () => {
    const device = await wfm.device();
    const answers = await Promise.all(Array.from({ length: 8 }, () => device.present()));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(new Set(answers.map(({ json }) => json['clientId'])).size).toBe(1);
  });

  it('answers 400 "Invalid certificate" to what cannot be used', async () => {
    const device = await wfm.device();
    const expired = await wfm.device({ validity: { from: -7_200_000, to: -3_600_000 } });
    const early = await wfm.device({ validity: { from: 3_600_000, to: 7_200_000 } });
    const before = await wfm.dump();
    const answers = [
      await device.present('garbage'),
      await device.present(''),
      await device.present(Buffer.from('garbage').toString('base64')),
      await device.present(base64Der(device.certificate).slice(0, 200)),
      await device.present('', { body: {} }),
      await device.present('', { body: { certificate: 7 } }),
      await device.present('', { body: { certificate: null } }),
      await device.present('', { body: { certificate: [base64Der(device.certificate)] } }),
      await device.present('', { body: [] }),
      await device.present('', { body: Buffer.from('{"certificate":') }),
      await expired.present(),
      await early.present(),
    ];
    for (const answer of answers) {
      expectProblem(answer, 400);
      expect(answer.json['error']).toBe('Invalid certificate');
    }
    expect(await wfm.dump()).toBe(before);
  });

  it('answers 403 "Client rejected" to whom the device CA does not vouch for', async () => {
    const stranger = await wfm.device({ authority: await createAuthority('Another CA') });
    const namesake = await wfm.device({ authority: await createAuthority('Test device CA') });
    const before = await wfm.dump();
    for (const device of [stranger, namesake]) {
      const answer = await device.present();
      expectProblem(answer, 403);
      expect(answer.json['error']).toBe('Client rejected');
    }
    expect(await wfm.dump()).toBe(before);
  });

  it('answers 401 to a request that is not signed with the key of its certificate', async () => {
    const device = await wfm.device();
    const before = await wfm.dump();
    const unsigned = await device.present(undefined, { sign: 'not' });
    expectProblem(unsigned, 401);
    expect(unsigned.headers['www-authenticate']).toMatch(/^Signature/);
    expectProblem(await device.present(undefined, { key: generateKey() }), 401);
    expectProblem(await device.present(undefined, { key: generateKey('rsa-pss-sha512') }), 401);
    expect(await wfm.dump()).toBe(before);
  });

  it('is not told anything by a signed request that comes twice', async () => {
    const device = await wfm.device();
    const prepared = device.prepare({
      method: 'POST',
      path: '/api/v1/onboarding',
      body: { kind: 'OnboardingRequest', certificate: base64Der(device.certificate) },
    });
    expect((await device.send(prepared)).status).toBe(201);
    expectProblem(await device.send(prepared), 401, /taken already/);
  });

  it('is refused to a device that an operator has revoked', async () => {
    const device = await (await wfm.device()).onboard();
    expect((await wfm.operate('POST', `/devices/${device.clientId}/revoke`)).status).toBe(200);
    expectProblem(await device.present(), 403);
    expectProblem(await device.poll(), 403);
  });
});

describe('POST /onboarding, policy approve', () => {
  it('lets a device wait for an operator, and in when it is approved', async () => {
    await using wfm = await startWfm({ onboarding: 'approve' });
    const device = await wfm.device();
    const waiting = await device.present();
    expectProblem(waiting, 403, /approval/);
    expect(waiting.json['error']).toBe('Client rejected');
    expect(Number(waiting.headers['retry-after'])).toBeGreaterThan(0);
    const { items } = (await wfm.operate('GET', '/devices?state=PENDING')).json as { items: { id: string }[] };
    const [{ id } = { id: '' }] = items;
    device.clientId = id;
    expectProblem(await device.poll(), 403);
    expect((await wfm.operate('POST', `/devices/${id}/approve`)).status).toBe(200);
    expect((await device.present()).json).toEqual({ clientId: id });
    expect((await device.poll()).status).toBe(200);
  });

  it('never lets in whom an operator rejects', async () => {
    await using wfm = await startWfm({ onboarding: 'approve' });
    const device = await wfm.device();
    await device.present();
    const { items } = (await wfm.operate('GET', '/devices')).json as { items: { id: string }[] };
    await wfm.operate('POST', `/devices/${items[0]?.id}/reject`);
    expectProblem(await device.present(), 403, /rejected/);
  });
});

describe('POST /onboarding, policy open', () => {
  it('lets everybody in who has the key of a certificate', async () => {
    await using wfm = await startWfm({ onboarding: 'open' });
    const stranger = await wfm.device({ authority: await createAuthority() });
    expect((await stranger.present()).status).toBe(201);
    expectProblem(await stranger.present(undefined, { key: generateKey() }), 401);
  });
});
