import { webcrypto } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { SigningKey } from '../key/index.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { verifyChain } from './chain.js';
import {
  type CertificateAuthority,
  createAuthority,
  issueDeviceCertificate,
  selfSignedDeviceCertificate,
} from './issue.js';
import { loadX509 } from './library.js';

const now = Date.UTC(2026, 0, 1);
const day = 86_400_000;

interface Wanted {
  readonly name: string;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly mayNotSign?: boolean;
  readonly hash?: string;
  readonly critical?: string;
  readonly key?: SigningKey;
}

/** Certificates as others make them: also wrong ones. */
async function other(by: CertificateAuthority | undefined, wanted: Wanted): Promise<CertificateAuthority> {
  const x509 = await loadX509();
  const key = wanted.key ?? SigningKey.generate();
  const signer = by?.key ?? key;
  const pkcs8 = signer.privateKey.export({ type: 'pkcs8', format: 'der' });
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const usages = wanted.mayNotSign ? x509.KeyUsageFlags.digitalSignature : x509.KeyUsageFlags.keyCertSign;
  const made = await x509.X509CertificateGenerator.create(
    {
      subject: `CN=${wanted.name}`,
      issuer: by?.certificate.subject ?? `CN=${wanted.name}`,
      notBefore: new Date(now - day),
      notAfter: new Date(now + day),
      publicKey: Buffer.from(key.verificationKey.spki),
      signingKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, curve, false, ['sign']),
      signingAlgorithm: { name: 'ECDSA', hash: wanted.hash ?? 'SHA-256' },
      extensions: [
        new x509.BasicConstraintsExtension(wanted.ca ?? true, wanted.pathLength, true),
        new x509.KeyUsagesExtension(usages, true),
        ...(wanted.critical ? [new x509.Extension(wanted.critical, true, Buffer.from([5, 0]))] : []),
      ],
    },
    webcrypto,
  );
  return { certificate: parseCertificate(new Uint8Array(made.rawData)), key };
}

describe('verifyChain', () => {
  let root: CertificateAuthority;
  let device: Certificate;

  beforeAll(async () => {
    root = await createAuthority({ commonName: 'Root', now });
    device = await issueDeviceCertificate(root, {
      name: 'press-7',
      key: SigningKey.generate().verificationKey,
      now,
      days: 30,
    });
  });

  const why = async (...call: Parameters<typeof verifyChain>): Promise<string> => {
    const verdict = await verifyChain(...call);
    return verdict.trusted ? `trusted: ${verdict.path.map((each) => each.commonName).join(' < ')}` : verdict.reason;
  };

  it('trusts what an anchor signed, out of several anchors of one name', async () => {
    const namesake = await createAuthority({ commonName: 'Root', now });
    const anchors = [namesake.certificate, root.certificate];
    expect(await why(device, [], anchors, now)).toBe('trusted: press-7 < Root');
    expect(await why(device, [], [namesake.certificate], now)).toBe(
      '"CN=press-7" names "CN=Root" as its issuer, but is not signed by it',
    );
  });

  it('trusts an anchor itself, and no stranger', async () => {
    const alone = await selfSignedDeviceCertificate({ name: 'alone', key: SigningKey.generate(), now });
    expect(await why(alone, [], [alone], now)).toBe('trusted: alone');
    expect(await why(alone, [alone], [root.certificate], now)).toBe(
      '"CN=alone" is self-signed and not among the trusted certificates',
    );
    expect(await why(device, [root.certificate], [], now)).toBe(
      '"CN=Root" is self-signed and not among the trusted certificates',
    );
    expect(await why(device, [], [], now)).toBe(
      '"CN=press-7" is issued by "CN=Root", which is not among the trusted certificates',
    );
  });

  it('looks at the validity of every certificate', async () => {
    expect(await why(device, [], [root.certificate], now + 31 * day)).toMatch(/^"CN=press-7" has expired at 2026/);
    expect(await why(device, [], [root.certificate], now - day)).toMatch(/^"CN=press-7" is not valid before 2025/);
    const brief = await createAuthority({ commonName: 'Brief', now, days: 1 });
    const key = SigningKey.generate().verificationKey;
    const leaf = await issueDeviceCertificate(brief, { name: 'leaf', key, now });
    expect(await why(leaf, [], [brief.certificate], now + 2 * day)).toMatch(/^"CN=Brief" has expired/);
  });

  it('refuses revoked serial numbers however they are written', async () => {
    const serial = device.x509.serialNumber.replace(/(..)(?=.)/g, '$1:');
    expect(await why(device, [], [root.certificate], now, { revoked: [serial] })).toBe('"CN=press-7" has been revoked');
    expect(await why(device, [], [root.certificate], now, { revoked: ['00aa'] })).toMatch(/^trusted/);
  });

  it('goes through intermediates, within the path length of each', async () => {
    const top = await other(undefined, { name: 'Top', pathLength: 1 });
    const middle = await other(top, { name: 'Middle' });
    const low = await other(middle, { name: 'Low' });
    const ofMiddle = (await other(middle, { name: 'leaf', ca: false })).certificate;
    const ofLow = (await other(low, { name: 'deep', ca: false })).certificate;
    const intermediates = [low.certificate, middle.certificate];
    expect(await why(ofMiddle, intermediates, [top.certificate], now)).toBe('trusted: leaf < Middle < Top');
    expect(await why(ofLow, intermediates, [top.certificate], now)).toBe(
      '"CN=Top" allows 1 intermediate certificates, not 2',
    );
    expect(await why(ofLow, intermediates, [middle.certificate], now)).toBe('trusted: deep < Low < Middle');
  });

  it('lets nobody sign who may not', async () => {
    const noCa = await other(undefined, { name: 'NoCa', ca: false });
    const mayNot = await other(undefined, { name: 'MayNot', mayNotSign: true });
    const byNoCa = (await other(noCa, { name: 'leaf' })).certificate;
    const byMayNot = (await other(mayNot, { name: 'leaf' })).certificate;
    expect(await why(byNoCa, [], [noCa.certificate], now)).toBe('"CN=NoCa" is no certificate authority');
    expect(await why(byMayNot, [], [mayNot.certificate], now)).toBe('"CN=MayNot" may not sign certificates');
  });

  it('refuses broken hashes and critical extensions that it does not understand', async () => {
    const weak = (await other(root, { name: 'weak', hash: 'SHA-1' })).certificate;
    const odd = (await other(root, { name: 'odd', critical: '1.2.3.4' })).certificate;
    expect(await why(weak, [], [root.certificate], now)).toBe('"CN=weak" is signed with SHA-1, which is broken');
    expect(await why(odd, [], [root.certificate], now)).toBe(
      '"CN=odd" has the critical extension 1.2.3.4, which is not understood',
    );
  });

  it('ends on certificates that sign each other in a circle', async () => {
    const one = await other(undefined, { name: 'One' });
    const two = await other(one, { name: 'Two' });
    const oneByTwo = await other(two, { name: 'One', key: one.key });
    expect(await why(two.certificate, [oneByTwo.certificate], [root.certificate], now)).toBe(
      '"CN=One" is issued by "CN=Two", which is not among the trusted certificates',
    );
  });

  it('gives up on a heap of certificates that could make very many paths', async () => {
    const heap: Certificate[] = [];
    const one = await other(undefined, { name: 'Same' });
    for (let index = 0; index < 12; index += 1) {
      heap.push((await other(one, { name: 'Same', key: one.key })).certificate);
    }
    const leaf = (await other(one, { name: 'leaf' })).certificate;
    expect(await why(leaf, heap, [root.certificate], now)).toBe('there are too many ways to build the chain');
  });
});
