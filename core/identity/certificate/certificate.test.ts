import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SigningKey } from '../key/index.js';
import { type Certificate, parseCertificate, parseCertificates } from './certificate.js';
import { CertificateFault } from './fault.js';
import {
  createAuthority,
  issueDeviceCertificate,
  issueServerCertificate,
  selfSignedDeviceCertificate,
} from './issue.js';

const now = Date.UTC(2026, 0, 1);
const reason = (why: string) => expect.objectContaining({ name: 'CertificateFault', reason: why });
const make = (name = 'press-7', key = SigningKey.generate()): Promise<Certificate> =>
  selfSignedDeviceCertificate({ name, key, now });

describe('parseCertificate', () => {
  it('reads DER, PEM, and base64 or base64url of either', async () => {
    const { der, pem, fingerprint256 } = await make();
    const bytes = Buffer.from(der);
    const wrapped = bytes.toString('base64').replace(/(.{64})/g, '$1\r\n');
    for (const form of [
      bytes,
      Buffer.from(pem),
      pem,
      `Subject: press-7\n${pem}\n`,
      pem.replaceAll('\n', '\r\n'),
      bytes.toString('base64'),
      ` ${wrapped} `,
      bytes.toString('base64url'),
      Buffer.from(pem).toString('base64'),
      Buffer.from(pem).toString('base64url'),
    ]) {
      expect(parseCertificate(form).fingerprint256).toBe(fingerprint256);
    }
  });

  it('tells whose it is and what key it holds', async () => {
    const key = SigningKey.generate();
    const certificate = await make('press "7", hall=2', key);
    expect(certificate).toMatchObject({ commonName: 'press "7", hall=2', subject: certificate.issuer });
    expect(certificate.key.thumbprint).toBe(key.thumbprint);
    expect(certificate.notBefore.getTime()).toBeLessThanOrEqual(now);
    expect(certificate.notAfter).toEqual(new Date(now + 1825 * 86_400_000));
    expect(certificate.fingerprint256).toMatch(/^[0-9a-f]{64}$/);
    expect(certificate.serialNumber).toMatch(/^[4-7][0-9a-f]{31}$/);
  });

  it('refuses garbage, private keys, several and what stands behind, each with its reason', async () => {
    const one = await make();
    const two = await make();
    const key = SigningKey.generate().exportPem();
    for (const [input, why] of [
      ['', 'unreadable'],
      ['garbage!', 'unreadable'],
      ['Z2FyYmFnZQ==', 'unreadable'],
      [Buffer.from([0x30, 0x03, 0x02, 0x01, 0x01]), 'unreadable'],
      ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'unreadable'],
      ['-----BEGIN CERTIFICATE-----\n', 'unreadable'],
      [key, 'unreadable'],
      [one.pem + key, 'unreadable'],
      [Buffer.concat([one.der, Buffer.from('x')]), 'unreadable'],
      [one.der.subarray(0, -1), 'unreadable'],
      ['A'.repeat(300_000), 'unreadable'],
      [one.pem + two.pem, 'several'],
      [Buffer.concat([one.der, two.der]), 'several'],
    ] as const) {
      expect(() => parseCertificate(input), String(input).slice(0, 60)).toThrow(reason(why));
    }
    expect(() => parseCertificate(key)).toThrow(/private key/);
    expect(() => parseCertificate(`${one.pem}${' '.repeat(300_000)}`)).toThrow(/^longer than/);
    expect(parseCertificates(one.pem + two.pem).map((each) => each.fingerprint256)).toEqual([
      one.fingerprint256,
      two.fingerprint256,
    ]);
    expect(() => parseCertificates('')).toThrow(reason('unreadable'));
  });

  it('refuses one that is not valid at the given time', async () => {
    const certificate = await make();
    expect(parseCertificate(certificate.der, now)).toBeDefined();
    expect(() => parseCertificate(certificate.der, now - 3_600_001)).toThrow(reason('not-yet-valid'));
    expect(() => parseCertificate(certificate.der, certificate.notAfter.getTime() + 1)).toThrow(reason('expired'));
  });

  it('throws nothing but a CertificateFault, whatever comes', async () => {
    const { der } = await make();
    const broken = fc
      .tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([at, change]) => der.map((byte, index) => (index === at ? byte ^ change : byte)));
    fc.assert(
      fc.property(fc.oneof(broken, fc.uint8Array(), fc.string(), fc.base64String()), (input) => {
        try {
          parseCertificate(input);
        } catch (error) {
          expect(error).toBeInstanceOf(CertificateFault);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('issuing', () => {
  it('a server certificate is good for the own machine and the given hosts, under its CA', async () => {
    const ca = await createAuthority({ commonName: 'Test CA', now });
    const key = SigningKey.generate().verificationKey;
    const { x509, key: held } = await issueServerCertificate(ca, { hosts: ['WFM.example.com', '10.0.0.7'], key, now });
    expect(held.thumbprint).toBe(key.thumbprint);
    for (const host of ['localhost', 'wfm.example.com']) expect(x509.checkHost(host)).toBe(host);
    for (const ip of ['127.0.0.1', '::1', '10.0.0.7']) expect(x509.checkIP(ip)).toBe(ip);
    expect(x509.checkHost('other.example.com')).toBeUndefined();
    expect(x509.checkIssued(ca.certificate.x509)).toBe(true);
    expect(x509.verify(ca.key.verificationKey.publicKey)).toBe(true);
    expect(x509.ca).toBe(false);
    expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(ca.certificate.x509.ca).toBe(true);
  });

  it('a device certificate is for clients and carries the name of the device', async () => {
    const ca = await createAuthority({ commonName: 'Test CA', now });
    const device = await issueDeviceCertificate(ca, {
      name: 'press-7',
      key: SigningKey.generate().verificationKey,
      now,
    });
    expect(device).toMatchObject({ commonName: 'press-7', issuer: 'CN=Test CA' });
    expect(device.x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  it('devices may sign for themselves with every kind of key', async () => {
    for (const pair of [
      generateKeyPairSync('ec', { namedCurve: 'P-384' }),
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('ed25519'),
    ]) {
      const { x509 } = await make('press-7', new SigningKey(pair.privateKey));
      expect(x509.verify(pair.publicKey)).toBe(true);
    }
  });
});
