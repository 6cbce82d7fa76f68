import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/host/clock.js';
import { type ArtifactLayer, RegistryFault } from '../../../core/ports/index.js';
import { recordingLogger } from '../../../core/testing/index.js';
import { MemoryRegistry } from '../../../test/managers/registry.js';
import { pullPackage } from '../pull.js';
import { cosignRefusal, publicKey, signatureRefusal } from './cosign.js';
import { ruleFor, SignaturePolicy, signaturesConfig } from './policy.js';

const data = join(import.meta.dirname, 'testdata');
const read = (name: string): string => readFileSync(join(data, name), 'utf8');
const { digest, byPlant, byOther, ofAnotherPackage } = JSON.parse(read('cosign.json'));
const [plant, other] = [read('plant.pub.pem'), read('other.pub.pem')].map(publicKey);
if (!plant || !other) throw new Error('the keys are there');
const source = { registry: 'harbor.test', repository: 'apps/pump', digest };
const artifact = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 233 };
const tag = `${digest.replace(':', '-')}.sig`;

interface Signature {
  readonly payload: string;
  readonly signature: string;
}
const check = ({ payload, signature }: Signature, keys = [plant], of = digest) =>
  signatureRefusal(Buffer.from(payload), Buffer.from(signature, 'base64'), of, keys);

/** A registry with signatures beside the package, as cosign puts them there. */
async function signedBy(...signatures: readonly Signature[]): Promise<MemoryRegistry> {
  const registry = new MemoryRegistry();
  const layers: ArtifactLayer[] = signatures.map(({ payload, signature }) => ({
    mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    bytes: Buffer.from(payload),
    annotations: { 'dev.cosignproject.cosign/signature': signature },
  }));
  await registry.push({ ...source, tag }, { artifactType: 'application/vnd.oci.image.config.v1+json', layers });
  return registry;
}

describe('a signature of cosign', () => {
  it('counts when a key of the policy made it for this digest', () => {
    expect(check(byPlant)).toBeUndefined();
    expect(check(byOther, [plant, other])).toBeUndefined();
  });

  it('does not count by another key', () => {
    expect(check(byOther)).toMatch(/not by a key of the policy/);
  });

  it('does not count when it was copied over from another artifact', () => {
    expect(check(ofAnotherPackage)).toMatch(/of another artifact, sha256:/);
  });

  it('does not count when its payload was changed', () => {
    const payload = ofAnotherPackage.payload.replace(/sha256:[0-9a-f]{64}/, digest);
    expect(payload).toContain(digest);
    expect(check({ ...ofAnotherPackage, payload })).toMatch(/was changed/);
  });

  it.each(['', 'AAAA', 'no base64!'])('does not count as %j', (signature) => {
    expect(check({ ...byPlant, signature })).toMatch(/was changed/);
  });

  it('of something else, by the same key, does not count', () => {
    const { privateKey, publicKey: own } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (const payload of ['hello', '{}', '{"critical":{"type":"other","image":{"docker-manifest-digest":"x"}}}']) {
      const signature = sign('sha256', Buffer.from(payload), privateKey).toString('base64');
      expect(check({ payload, signature }, [own])).toMatch(/something else than an artifact/);
    }
  });
});

describe('a package', () => {
  const refusal = (registry: MemoryRegistry) => cosignRefusal(registry, source, digest, [plant], {});

  it('is let in with one good signature among others', async () => {
    expect(await refusal(await signedBy(byOther, ofAnotherPackage, byPlant))).toBeUndefined();
  });

  it('is refused without one, and it says why', async () => {
    expect(await refusal(new MemoryRegistry())).toBe(`it is not signed: there is no apps/pump:${tag}`);
    expect(await refusal(await signedBy())).toMatch(/holds none/);
    expect(await refusal(await signedBy(byOther, ofAnotherPackage))).toMatch(
      /policy, or was changed; one is of another artifact/,
    );
  });

  it('is let in by a good one beside one that cannot be had', async () => {
    const registry = await signedBy(byOther, byPlant);
    const { fetch } = registry;
    let broken = true;
    registry.fetch = (...args) => {
      if (!broken) return fetch.apply(registry, args);
      broken = false;
      return Promise.reject(new RegistryFault('corrupt', 'half of it is missing'));
    };
    expect(await refusal(registry)).toBeUndefined();
    registry.fetch = () => Promise.reject(new RegistryFault('refused', 'too large'));
    expect(await refusal(registry)).toBe('no signature of it counts: one cannot be had: too large');
  });

  it('is neither let in nor refused while the registry does not say', async () => {
    const registry = await signedBy(byPlant);
    const away = new Error('away');
    registry.before = () => Promise.reject(away);
    await expect(refusal(registry)).rejects.toBe(away);
  });
});

describe('the policy', () => {
  const rules = [
    { of: 'harbor.test/apps/', cosignKeys: ['plant.pub.pem'] },
    { of: 'harbor.test/line/press', cosignKeys: ['other.pub.pem'] },
  ];
  const policy = (cosignKeys: string[]) =>
    new SignaturePolicy([{ of: 'harbor.test/apps/', cosignKeys }], (file) => join(data, file), systemClock);

  it('is for what it names, and all below', () => {
    const of = (repository: string, registry = 'harbor.test') => ruleFor(rules, { registry, repository })?.of;
    expect(of('apps/pump')).toBe('harbor.test/apps/');
    expect(of('appsx/pump')).toBeUndefined();
    expect(of('line/press')).toBe('harbor.test/line/press');
    expect(of('line/press-2')).toBeUndefined();
    expect(of('apps/pump', 'harbor.test.evil')).toBeUndefined();
    expect(of('apps/pump', 'harbor.test:8443')).toBeUndefined();
  });

  it.each([
    ['harbor.test', ['Harbor.TEST', 'harbor.test:443', 'HARBOR.test:80', 'HARBOR.test:0443', 'harbor.test:00080']],
    ['harbor.test:8443', ['harbor.test:08443']],
    ['127.0.0.1:5000', ['127.1:5000', '0x7f.1:5000', '2130706433:5000', '0177.0.0.1:05000']],
    ['[::1]:5000', ['[0:0:0:0:0:0:0:1]:5000', '[::0.0.0.1]:5000']],
    ['127.1', ['127.0.0.1', '127.1:443']],
  ])('is for %s however that is spelled', (host, spellings) => {
    const rule = { of: `${host}/apps/`, cosignKeys: ['plant.pub.pem'] };
    for (const registry of [host, ...spellings]) {
      expect([registry, ruleFor([rule], { registry, repository: 'apps/pump' })]).toEqual([registry, rule]);
    }
  });

  it.each(['1.2.3.4.5', '[::zz]', 'harbor.test:99999', 'harbor.test#'])(
    'lets nothing in from %s, which is no host that a rule could be for',
    async (registry) => {
      const from = { ...source, registry };
      const refused = await policy(['plant.pub.pem']).refusal(await signedBy(byPlant), from, artifact, {});
      expect(refused).toMatchObject({ code: 'not-signed', message: `${registry} is not a host` });
    },
  );

  it.each(['harbor.test', 'oci://harbor.test/apps/', 'harbor.test:0443/', 'harbor.test/Apps/', 'harbor.test/apps:1'])(
    'has no rule of %s, since nothing would come under it',
    (of) => {
      expect(signaturesConfig.safeParse([{ of, cosignKeys: ['plant.pub.pem'] }]).error?.issues).toMatchObject([
        { path: [0, 'of'] },
      ]);
    },
  );

  it.each(['harbor.test/', 'harbor.test:8443/apps/', 'harbor.test/apps/pump'])('has a rule of %s', (of) => {
    expect(signaturesConfig.parse([{ of, cosignKeys: ['plant.pub.pem'] }])).toMatchObject([{ of }]);
  });

  it.each(['https://localhost:18443/samples/', 'localhost:18443', 'samples/'])('is not for %s', (of) => {
    const { error } = signaturesConfig.safeParse([{ of, cosignKeys: ['plant.pub.pem'] }]);
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['0.of']);
  });

  it('warns of a rule for what is more likely a project than a repository', async () => {
    const log = recordingLogger();
    const of = (place: string) => ({ of: place, cosignKeys: ['plant.pub.pem'] });
    const places = ['harbor.test/apps', 'harbor.test/apps/', 'harbor.test/apps/pump', 'harbor.test/'].map(of);
    await new SignaturePolicy(places, (file) => join(data, file), systemClock).check(log);
    expect(log.lines.map(({ message }) => message)).toEqual([
      'signatures[0].of is the one repository harbor.test/apps: if all below it must be signed, write harbor.test/apps/',
    ]);
  });

  it('refuses in a sentence, and lets the signed in', async () => {
    const registry = await signedBy(byPlant);
    expect(await policy(['plant.pub.pem']).refusal(registry, source, artifact, {})).toBeUndefined();
    expect(await policy(['other.pub.pem']).refusal(registry, source, artifact, {})).toMatchObject({
      code: 'not-signed',
      message: expect.stringMatching(
        /^what comes from harbor\.test\/apps\/ must be signed, and no signature of it counts/,
      ),
    });
  });

  it.each(['missing.pem', 'cosign.json'])('lets nothing in when its key is %s', async (file) => {
    const refused = await policy([file]).refusal(await signedBy(byPlant), source, artifact, {});
    expect(refused?.message).toContain(`the key ${file} of this host cannot be used`);
  });

  it('keeps an unsigned package out of the catalog, and nothing of it is read', async () => {
    const registry = new MemoryRegistry();
    await registry.push({ ...source, tag: '1.0.0' }, { artifactType: 'application/vnd.margo.app.v1+json', layers: [] });
    registry.fetch = () => Promise.reject(new Error('nothing of it may be read'));
    const pulled = await pullPackage(
      registry,
      { registry: source.registry, repository: source.repository, tag: '1.0.0' },
      {
        strict: false,
        signatures: policy(['plant.pub.pem']),
        credentials: undefined,
        signal: new AbortController().signal,
      },
    );
    expect(pulled).toMatchObject({ faults: [{ code: 'not-signed' }], warnings: [] });
    expect(pulled.description).toBeUndefined();
  });

  it('says at start which setting names a key that cannot be used', async () => {
    const log = recordingLogger();
    await policy(['plant.pub.pem', 'missing.pem']).check(log);
    expect(log.lines).toMatchObject([
      {
        level: 'warn',
        message: expect.stringMatching(/^signatures\[0\]\.cosignKeys\[1\], missing\.pem, is not there/),
      },
    ]);
    await expect(policy(['plant.pub.pem', 'plant.ca.pem']).check(log)).rejects.toThrow(
      'signatures[0].cosignKeys[1], plant.ca.pem, cannot be used: it must hold one PUBLIC KEY in PEM, as cosign.pub does, and holds CERTIFICATE',
    );
    const swapped = new SignaturePolicy(
      [{ of: 'harbor.test/apps/', notation: { certificates: ['plant.pub.pem'] } }],
      (file) => join(data, file),
      systemClock,
    );
    await expect(swapped.check(log)).rejects.toThrow(
      'signatures[0].notation.certificates[0], plant.pub.pem, cannot be used: there is no certificate in it',
    );
  });
});

describe('a key of cosign', () => {
  const spki = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });

  it('is one public key of an elliptic curve, or of RSA from 2048 bits', () => {
    expect(publicKey(read('plant.pub.pem')).asymmetricKeyType).toBe('ec');
    expect(publicKey(spki(rsa(2048).publicKey)).asymmetricKeyType).toBe('rsa');
  });

  it.each([
    ['a short key of RSA', () => spki(rsa(1024).publicKey), /has 1024 bits; 2048 are the least/],
    ['a key of another kind', () => spki(generateKeyPairSync('ed25519').publicKey), /of the kind ed25519/],
    [
      'a private key',
      () => rsa(2048).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      /holds PRIVATE KEY/,
    ],
    ['a certificate', () => read('plant.ca.pem'), /holds CERTIFICATE/],
    ['several keys', () => read('plant.pub.pem') + read('other.pub.pem'), /holds PUBLIC KEY, PUBLIC KEY/],
    ['no key', () => 'ssh-ed25519 AAAA', /holds no PEM/],
    ['a broken one', () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /cannot be read/],
  ])('is not %s', (_what, pem, why) => {
    expect(() => publicKey(pem())).toThrow(why);
  });
});
