import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlattenedSign, importPKCS8 } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  createAuthority,
  issueDeviceCertificate,
  parseCertificates,
  SigningKey,
} from '../../../core/identity/index.js';
import { RegistryFault } from '../../../core/ports/index.js';
import { MemoryRegistry } from '../../../test/managers/registry.js';
import { pullPackage } from '../pull.js';
import { envelopeRefusal, type NotationTrust } from './notation.js';
import { SignaturePolicy, signaturesConfig } from './policy.js';

const data = join(import.meta.dirname, 'testdata');
const read = (name: string): string => readFileSync(join(data, name), 'utf8');
const { subject, ...envelopes } = JSON.parse(read('notation.json'));
/** When all certificates of the test data are valid; until 2027. */
const june = Date.parse('2026-06-01T00:00:00Z');
const trustIn = (file: string, subjects?: NotationTrust['subjects']): NotationTrust => ({
  certificates: parseCertificates(read(file)),
  subjects,
});
const bytesOf = (name: string): Buffer => Buffer.from(envelopes[name], 'base64');
const check = (envelope: Uint8Array, { trust = trustIn('plant.ca.pem'), of = subject, now = june } = {}) =>
  envelopeRefusal(envelope, of, trust, now);

/** An envelope, changed after it was signed. */
function changed(name: string, change: (jws: Record<string, string>) => object): Buffer {
  const jws = JSON.parse(bytesOf(name).toString());
  return Buffer.from(JSON.stringify({ ...jws, ...change(jws) }));
}

describe('a signature of Notation', () => {
  it.each(['byPlant', 'byPlantWithRsa', 'byHand'])('counts when it is %s, for this artifact', async (name) => {
    expect(await check(bytesOf(name))).toBeUndefined();
  });

  it('does not count by another authority', async () => {
    expect(await check(bytesOf('byOther'))).toMatch(/not by a signer of the policy: .*Plant B release CA/);
    expect(await check(bytesOf('byOther'), { trust: trustIn('other.ca.pem') })).toBeUndefined();
  });

  it('counts by whom the policy names alone', async () => {
    const by = (...subjects: NonNullable<NotationTrust['subjects']>) =>
      check(bytesOf('byPlant'), { trust: trustIn('plant.ca.pem', subjects) });
    expect(await by({ CN: 'release' })).toBeUndefined();
    expect(await by({ CN: 'developer' }, { CN: 'release', O: 'Plant A', C: 'DE' })).toBeUndefined();
    expect(await by({ CN: 'release', O: 'Plant B' })).toMatch(/is none of its subjects/);
    expect(await by({ CN: 'release', OU: 'line 1' })).toMatch(/is none of its subjects/);
  });

  it('does not count once its certificate has expired, or before it is valid', async () => {
    expect(await check(bytesOf('byPlant'), { now: Date.parse('2027-01-02') })).toMatch(/has expired at 2027-01-01/);
    expect(await check(bytesOf('byPlant'), { now: Date.parse('2025-12-31') })).toMatch(/not valid before 2026-01-01/);
  });

  it('does not count once it has expired itself', async () => {
    const at = (date: string) => check(bytesOf('byPlantUntilMarch'), { now: Date.parse(date) });
    expect(await at('2026-02-28')).toBeUndefined();
    expect(await at('2026-03-01')).toBe('one has expired at 2026-03-01T00:00:00.000Z');
  });

  it('does not count when it was copied over from another artifact', async () => {
    expect(await check(bytesOf('ofAnotherPackage'))).toMatch(/^one is of another artifact, sha256:1f0b/);
    expect(await check(bytesOf('ofAnotherSize'))).toMatch(/^one is of 234 bytes/);
    expect(await check(bytesOf('byPlant'), { of: { ...subject, mediaType: 'text/plain' } })).toMatch(
      /not of 233 bytes/,
    );
  });

  it('does not count when anything that is signed was changed', async () => {
    const { payload, protected: header } = JSON.parse(bytesOf('byPlantUntilMarch').toString());
    const later = Buffer.from(header, 'base64url').toString().replace('2026-03', '2026-09');
    for (const forged of [
      changed('ofAnotherPackage', () => ({ payload })),
      changed('byPlantUntilMarch', () => ({ protected: Buffer.from(later).toString('base64url') })),
      changed('byPlant', ({ signature = '' }) => ({
        signature: `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      })),
    ]) {
      expect(await check(forged)).toBe('one was changed after it was signed');
    }
  });

  it('does not count with the certificates of somebody else', async () => {
    const { header } = JSON.parse(bytesOf('byPlant').toString());
    expect(await check(changed('byOther', () => ({ header })))).toBe('one was changed after it was signed');
  });

  it.each([
    ['beforeItsCertificate', 'one was made when its certificate was not valid'],
    ['withoutTime', 'one does not say when it was made'],
    ['withoutCritical', 'one does not say how it was signed'],
    ['ofSomethingElse', 'one is of something else than an artifact'],
  ])('does not count when it is made %s', async (name, refusal) => {
    expect(await check(bytesOf(name))).toBe(refusal);
  });

  it('does not count when it demands what is not done here', async () => {
    expect(await check(bytesOf('bySigningAuthority'))).toMatch(/of the scheme notary\.x509\.signingAuthority/);
    expect(await check(bytesOf('forAPlugin'))).toMatch(/cannot be verified: .*io\.cncf\.notary\.verificationPlugin/);
  });

  it.each(['', '{}', '[]', '{"payload":"","protected":"","signature":"","header":{"x5c":["AAAA"]}}'])(
    'does not count as %j',
    async (text) => {
      expect(await check(Buffer.from(text))).toMatch(/^one (cannot be read|comes with a certificate)/);
    },
  );

  it('does not count by a certificate that is not for code', async () => {
    const authority = await createAuthority({ commonName: 'Plant A devices', now: june });
    const key = SigningKey.generate();
    const device = await issueDeviceCertificate(authority, { name: 'press-7', key: key.verificationKey, now: june });
    const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const jws = await new FlattenedSign(Buffer.from(JSON.stringify({ targetArtifact: subject })))
      .setProtectedHeader({ alg: 'ES256', cty: 'application/vnd.cncf.notary.payload.v1+json' })
      .sign(await importPKCS8(pem, 'ES256'));
    const x5c = [Buffer.from(device.der).toString('base64')];
    const trust = { certificates: [authority.certificate], subjects: undefined };
    const refusal = await check(Buffer.from(JSON.stringify({ ...jws, header: { x5c } })), { trust });
    expect(refusal).toMatch(/"CN=press-7" is for other purposes than to sign code/);
  });
});

describe('a package', () => {
  const source = { registry: 'harbor.test', repository: 'apps/pump' };
  const [jws, cose] = ['application/jose+json', 'application/cose'];
  const artifactType = 'application/vnd.cncf.notary.signature';

  /** A registry with a package and signatures that refer to it. */
  async function signedBy(...signatures: readonly (readonly [mediaType: string, name: string])[]) {
    const registry = new MemoryRegistry();
    const margo = 'application/vnd.margo.app.v1+json';
    const { digest } = await registry.push({ ...source, tag: '1.0.0' }, { artifactType: margo, layers: [] });
    expect(digest).toBe(subject.digest);
    for (const [mediaType, name] of signatures) {
      await registry.refer(digest, source, { artifactType, layers: [{ mediaType, bytes: bytesOf(name) }] });
    }
    return registry;
  }
  const policy = (rule: object, now = june) =>
    new SignaturePolicy(signaturesConfig.parse([{ of: 'harbor.test/apps/', ...rule }]), (file) => join(data, file), {
      now: () => now,
    });
  const notation = { certificates: ['plant.ca.pem'] };
  const refusal = async (registry: MemoryRegistry, rule: object = { notation }) =>
    (await policy(rule).refusal(registry, source, subject, {}))?.message;

  it('is let in with one good signature among others', async () => {
    const registry = await signedBy([cose, 'inCose'], [jws, 'byOther'], [jws, 'ofAnotherPackage'], [jws, 'byPlant']);
    expect(await refusal(registry)).toBeUndefined();
  });

  it('is refused without one, and it says why', async () => {
    expect(await refusal(await signedBy())).toBe(
      `what comes from harbor.test/apps/ must be signed, and it is not signed: no signature of Notation refers to ${subject.digest}`,
    );
    expect(await refusal(await signedBy([cose, 'inCose']))).toMatch(/its envelope is COSE, and JWS alone is taken/);
    expect(await refusal(await signedBy([jws, 'byOther'], [jws, 'ofAnotherPackage']))).toMatch(
      /no signature of it counts: one is not by a signer of the policy: .*; one is of another artifact/,
    );
  });

  it('is neither let in nor refused while the registry does not say', async () => {
    const registry = await signedBy([jws, 'byPlant']);
    const away = new RegistryFault('unreachable', 'away');
    registry.fetch = () => Promise.reject(away);
    await expect(refusal(registry)).rejects.toBe(away);
    registry.before = () => Promise.reject(away);
    await expect(refusal(registry)).rejects.toBe(away);
  });

  it('is let in by either kind of signature where the policy names both', async () => {
    const cosignKeys = ['plant.pub.pem'];
    expect(await refusal(await signedBy([jws, 'byPlant']), { cosignKeys, notation })).toBeUndefined();
    expect(await refusal(await signedBy([jws, 'byPlant']), { cosignKeys })).toMatch(
      /not signed: there is no apps\/pump/,
    );
    expect(await refusal(await signedBy([jws, 'byOther']), { cosignKeys, notation })).toMatch(
      /there is no apps\/pump:sha256-\w+\.sig, and no signature of it counts: one is not by a signer/,
    );
  });

  it('is refused when the certificates of the policy cannot be read', async () => {
    for (const file of ['missing.pem', 'cosign.json']) {
      const rule = { notation: { certificates: ['plant.ca.pem', file] } };
      const message = await refusal(await signedBy([jws, 'byPlant']), rule);
      expect(message).toContain(`the certificate ${file} of this host cannot be used`);
    }
  });

  it('comes into the catalog with a signature, and nothing of it is read without', async () => {
    const pull = async (registry: MemoryRegistry) => {
      const options = { strict: false, credentials: undefined, signal: new AbortController().signal };
      const { faults } = await pullPackage(
        registry,
        { ...source, tag: '1.0.0' },
        { ...options, signatures: policy({ notation }) },
      );
      return faults.map(({ code }) => code);
    };
    expect(await pull(await signedBy([jws, 'byOther']))).toEqual(['not-signed']);
    // It is signed, and has nothing in it.
    expect(await pull(await signedBy([jws, 'byPlant']))).not.toContain('not-signed');
  });

  it('can be asked for no signature by a rule that names no kind', () => {
    expect(() => policy({})).toThrow(/needs `cosignKeys`, `notation` or both/);
    expect(() => policy({ notation: { ...notation, subjects: [{}] } })).toThrow(/must say something/);
  });
});
