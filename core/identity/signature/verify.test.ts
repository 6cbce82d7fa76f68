import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../operation/access.js';
import { SigningKey, VerificationKey } from '../key/index.js';
import { verifyContentDigest } from './content-digest.js';
import { SignatureFault } from './fault.js';
import { parseSignature } from './parse.js';
import { type SignOptions, signRequest } from './sign.js';
import { SignatureVerifier, verifySignature } from './verify.js';

const key = SigningKey.generate();
const url = 'https://wfm.example.com/api/v1/clients/1/deployments';
const created = 1_760_000_000;
const now = created * 1000;

interface Signed {
  readonly method?: string;
  readonly url?: string;
  readonly body?: Uint8Array;
  readonly by?: SigningKey;
  readonly options?: Partial<SignOptions>;
}

function signed({ method = 'GET', url: target = url, body, by = key, options }: Signed = {}): Evidence {
  const headers = signRequest({ method, url: target, body }, by, { created, ...options });
  return { method, targetUri: target, headers, body, params: {} };
}

function withHeaders(evidence: Evidence, headers: Record<string, string | undefined>): Evidence {
  return { ...evidence, headers: { ...evidence.headers, ...headers } };
}

const verify = (evidence: Evidence, at = now): unknown => verifySignature(evidence, key.verificationKey, {}, at);
const reason = (why: string) => expect.objectContaining({ name: 'SignatureFault', reason: why });

describe('verifySignature', () => {
  const pair = {
    'EC P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    'EC P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    Ed25519: () => generateKeyPairSync('ed25519'),
    'RSA 2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  };
  for (const [kind, make] of Object.entries(pair)) {
    it(`takes every algorithm of ${kind}, said or not`, () => {
      const { privateKey, publicKey } = make();
      const verification = new VerificationKey(publicKey);
      expect(verification.kind).toBe(kind);
      for (const algorithm of [...verification.algorithms, ...verification.algorithms]) {
        const by = new SigningKey(privateKey, algorithm);
        for (const alg of [true, false]) {
          expect(verifySignature(signed({ by, options: { alg } }), verification, {}, now).algorithm).toBe(algorithm);
        }
      }
    });
  }

  it('missing: no signature, or none under the label that is asked for', () => {
    expect(() => verify(withHeaders(signed(), { signature: undefined, 'signature-input': undefined }))).toThrow(
      reason('missing'),
    );
    expect(() => verifySignature(signed(), key.verificationKey, { label: 'other' }, now)).toThrow(reason('missing'));
    expect(() => verify(withHeaders(signed(), { signature: '', 'signature-input': '' }))).toThrow(reason('missing'));
  });

  it('malformed: half a pair, unreadable, two signatures, a component twice, no or a wrong created', () => {
    const good = signed();
    const input = good.headers['signature-input'] ?? '';
    const signature = good.headers['signature'] ?? '';
    for (const headers of [
      { signature: undefined },
      { 'signature-input': undefined },
      { 'signature-input': 'sig1=(' },
      { 'signature-input': 'sig1="@method"' },
      { signature: 'sig1="text"' },
      { signature: 'sig2=:AA==:' },
      { signature: `${signature}, ${signature.replace('sig1', 'sig2')}` },
      { 'signature-input': `${input}, ${input.replace('sig1', 'sig2')}` },
      { 'signature-input': input.replace('"@method"', '"@method" "@method"') },
      { 'signature-input': input.replace('"@method"', 'token') },
      { 'signature-input': input.replace('"@method"', '"@method" "Date"') },
      { 'signature-input': input.replace('"@method"', '"@method" "absent"') },
      { 'signature-input': input.replace(/created=\d+/, 'other=1') },
      { 'signature-input': input.replace(/created=\d+/, 'created="1"') },
      { 'signature-input': input.replace(/created=\d+/, 'created=-1') },
      { 'signature-input': input.replace(/created=\d+/, `created=${created}.5`) },
      { 'signature-input': input.replace(/keyid="/, 'keyid=?1;x="') },
      { 'signature-input': `${input};x="${'y'.repeat(9000)}"` },
    ]) {
      expect(() => verify(withHeaders(good, headers)), JSON.stringify(headers).slice(0, 200)).toThrow(
        reason('malformed'),
      );
    }
  });

  it('takes the signature under the given label out of several', () => {
    const one = signed({ options: { label: 'a' } }).headers;
    const two = signed({ options: { label: 'b' }, by: SigningKey.generate() }).headers;
    const both = {
      ...signed(),
      headers: {
        signature: `${two['signature']}, ${one['signature']}`,
        'signature-input': `${two['signature-input']}, ${one['signature-input']}`,
      },
    };
    expect(verifySignature(both, key.verificationKey, { label: 'a' }, now).label).toBe('a');
    expect(() => verifySignature(both, key.verificationKey, { label: 'b' }, now)).toThrow(reason('wrong-signature'));
  });

  it('not-covered: method, target, query and body must be protected', () => {
    const body = Buffer.from('{}');
    const covering = (components: string[], rest: Signed = {}): Evidence =>
      signed({ ...rest, options: { components } });
    const queried = { url: `${url}?page=2` };
    expect(() => verify(covering(['@target-uri']))).toThrow(reason('not-covered'));
    expect(() => verify(covering(['@method', '@authority']))).toThrow(reason('not-covered'));
    expect(() => verify(covering(['@method', '@path']))).toThrow(reason('not-covered'));
    expect(() => verify(covering(['@method', '@authority', '@path'], queried))).toThrow(reason('not-covered'));
    expect(() => verify(covering(['@method', '@target-uri'], { body, method: 'POST' }))).toThrow(reason('not-covered'));
    for (const enough of [
      covering(['@method', '@target-uri'], queried),
      covering(['@method', '@authority', '@path']),
      covering(['@method', '@authority', '@path', '@query'], queried),
      covering(['@method', '@target-uri', 'content-digest'], { body, method: 'POST' }),
    ]) {
      expect(verify(enough)).toMatchObject({ algorithm: 'ecdsa-p256-sha256' });
    }
  });

  it('a covered member of Content-Digest is not the whole field', () => {
    const body = Buffer.from('{}');
    const good = signed({ method: 'POST', body });
    const input = good.headers['signature-input']?.replace('"content-digest"', '"content-digest";key="sha-256"');
    expect(() => verify(withHeaders(good, { 'signature-input': input }))).toThrow(reason('not-covered'));
  });

  it('stale and future: the window of created, and expires', () => {
    expect(verify(signed(), now + 300_000)).toBeDefined();
    expect(() => verify(signed(), now + 300_001)).toThrow(reason('stale'));
    expect(verify(signed(), now - 60_000)).toBeDefined();
    expect(() => verify(signed(), now - 60_001)).toThrow(reason('future'));
    const expiring = signed({ options: { expires: created + 10 } });
    expect(verify(expiring, now + 10_000)).toMatchObject({ acceptableUntil: now + 10_000 });
    expect(() => verify(expiring, now + 10_001)).toThrow(reason('stale'));
    const policy = { maxAge: 5, futureSkew: 0 };
    expect(() => verifySignature(signed(), key.verificationKey, policy, now + 6000)).toThrow(reason('stale'));
    expect(() => verifySignature(signed(), key.verificationKey, policy, now - 1)).toThrow(reason('future'));
  });

  it('digest-missing and digest-mismatch: a body is what its digest says', () => {
    const good = signed({ method: 'PUT', body: Buffer.from('{"a":1}') });
    expect(() => verify({ ...good, body: Buffer.from('{"a":2}') })).toThrow(reason('digest-mismatch'));
    expect(() => verify({ ...good, body: undefined })).toThrow(reason('digest-mismatch'));
    for (const digest of [undefined, '', 'sha-256', 'sha-256=(', 'md5=:AAAA:', 'sha-256="text"']) {
      expect(() => verify(withHeaders(good, { 'content-digest': digest })), digest).toThrow(reason('digest-missing'));
    }
    expect(() => verify({ ...signed(), body: Buffer.from('x') })).toThrow(reason('digest-missing'));
  });

  it('every digest that is known must be right', () => {
    const body = Buffer.from('{"hello": "world"}');
    const right = 'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:';
    expect(() => verifyContentDigest(`${right}, md5=:AA==:`, body)).not.toThrow();
    expect(() => verifyContentDigest(`${right}, sha-256=:AA==:`, body)).toThrow(reason('digest-mismatch'));
  });

  it('wrong-signature: another key, method, URI, authority, time, bytes or length', () => {
    const good = signed();
    const other = SigningKey.generate().verificationKey;
    expect(() => verifySignature(good, other, {}, now)).toThrow(reason('wrong-signature'));
    expect(() => verify({ ...good, method: 'DELETE' })).toThrow(reason('wrong-signature'));
    expect(() => verify({ ...good, targetUri: `${url}/2` })).toThrow(reason('wrong-signature'));
    expect(() => verify({ ...good, targetUri: url.replace('wfm', 'other') })).toThrow(reason('wrong-signature'));
    const input = good.headers['signature-input']?.replace(String(created), String(created + 1));
    expect(() => verify(withHeaders(good, { 'signature-input': input }))).toThrow(reason('wrong-signature'));
    expect(() => verify(withHeaders(good, { signature: 'sig1=:AAAA:' }))).toThrow(reason('wrong-signature'));
  });

  it('unsupported: unknown algorithms, ones that do not fit the key, unknown components', () => {
    const input = signed().headers['signature-input'] ?? '';
    for (const changed of [
      `${input};alg="hmac-sha256"`,
      `${input};alg="constructor"`,
      `${input};alg="rsa-pss-sha512"`,
      input.replace('"@method"', '"@method" "@future"'),
      input.replace('"@method"', '"@method";req'),
    ]) {
      expect(() => verify(withHeaders(signed(), { 'signature-input': changed })), changed).toThrow(
        reason('unsupported'),
      );
    }
  });

  it('one canonical form for both forms of an ECDSA signature, so that a replay in the other is noticed', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const good = signed();
    const bytes = Buffer.from(parseSignature(good).signature);
    const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
    const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')]);
    const other = withHeaders(good, { signature: `sig1=:${twin.toString('base64')}:` });
    const one = verifySignature(good, key.verificationKey, {}, now);
    const two = verifySignature(other, key.verificationKey, {}, now);
    expect(Buffer.from(one.canonicalBytes())).toEqual(Buffer.from(two.canonicalBytes()));
    expect(twin).not.toEqual(bytes);
  });
});

describe('SignatureVerifier', () => {
  it('judges what it remembers like what it sees for the first time', () => {
    const verifier = new SignatureVerifier({}, () => now);
    const body = Buffer.from('{}');
    const input = signed().headers['signature-input'] ?? '';
    const cases: Evidence[] = [
      signed(),
      signed({ options: { created: created - 7 } }),
      signed({ options: { created: created - 301 } }),
      signed({ options: { created: created + 61 } }),
      signed({ options: { expires: created - 1 } }),
      signed({ options: { alg: true } }),
      signed({ options: { keyid: 'with "quotes" and ;created=5' } }),
      signed({ options: { label: 'other' } }),
      signed({ method: 'POST', body }),
      { ...signed({ method: 'POST', body }), body: Buffer.from('[]') },
      withHeaders(signed(), { 'signature-input': input.replace('created=', 'created=0') }),
      withHeaders(signed(), { 'signature-input': `${input} ` }),
      withHeaders(signed(), { 'signature-input': input.replace('" "', '"   "') }),
      withHeaders(signed(), { 'signature-input': `${input}, x=();created=1` }),
      withHeaders(signed(), { 'signature-input': `${input};alg="none"` }),
      withHeaders(signed(), { signature: `${signed().headers['signature']} ` }),
      withHeaders(signed(), { signature: 'sig1=:A:' }),
      withHeaders(signed(), { signature: 'sig1=:AA=A:' }),
    ];
    const judge = (run: () => { algorithm: string }): string => {
      try {
        return run().algorithm;
      } catch (error) {
        return error instanceof SignatureFault ? error.reason : String(error);
      }
    };
    const first = cases.map((evidence) => judge(() => verifySignature(evidence, key.verificationKey, {}, now)));
    for (const _ of [1, 2]) {
      expect(cases.map((evidence) => judge(() => verifier.verify(evidence, key.verificationKey)))).toEqual(first);
    }
    expect(new Set(first).size).toBeGreaterThan(5);
  });

  it('goes on right with parameters that stand before "created"', () => {
    const verifier = new SignatureVerifier({}, () => now);
    const list = '("@method" "@target-uri")';
    for (const parameters of [
      `;nonce="n";created=${created}`,
      `;created=${created}`,
      `;nonce="n";created=${created}`,
    ]) {
      const base = `"@method": GET\n"@target-uri": ${url}\n"@signature-params": ${list}${parameters}`;
      const signature = `s=:${Buffer.from(key.sign(Buffer.from(base))).toString('base64')}:`;
      const headers = { 'signature-input': `s=${list}${parameters}`, signature };
      for (const _ of [1, 2]) expect(verifier.verify({ ...signed(), headers }, key.verificationKey).label).toBe('s');
    }
  });

  it('takes a known list only under the label that is asked for', () => {
    const evidence = signed();
    const { covered } = parseSignature(evidence);
    const known = new Map([[`sig1=${covered.text}`, covered]]);
    expect(parseSignature(evidence, 'sig1', known).covered).toBe(covered);
    expect(() => parseSignature(evidence, 'sig2', known)).toThrow(reason('missing'));
  });

  it('goes on right when more component lists come than it remembers', () => {
    const verifier = new SignatureVerifier({}, () => now);
    for (let turn = 0; turn < 2; turn += 1) {
      for (let index = 0; index < 70; index += 1) {
        const evidence = signed({ options: { label: `s${index}` } });
        expect(verifier.verify(evidence, key.verificationKey).label).toBe(`s${index}`);
      }
    }
  });
});

describe('whatever the headers hold', () => {
  const piece = fc.constantFrom(
    ...['sig1', '=', '(', ')', '"@method"', '"@target-uri"', '"content-digest"', ' ', ';', 'created=', '1760000000'],
    ...['keyid="k"', 'sf', 'key="a"', 'bs', ':AAAA:', ':', ',', '"', '\\', '@', '?1', '%"', '1.5', '-', 'é', '\n'],
    ...['__proto__', 'sha-256=:AA==:', '"@query-param";name="a"', '"signature";sf', '"date";key="x"'],
  );
  const header = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
    fc
      .array(piece, { maxLength: 8 })
      .map((pieces) => `sig1=("@method" "@target-uri" ${pieces.join('')});created=${created}`),
  );

  it('nothing but a SignatureFault is thrown, and nothing is accepted', () => {
    const verifier = new SignatureVerifier({}, () => now);
    verifier.verify(signed(), key.verificationKey);
    fc.assert(
      fc.property(
        header,
        header,
        fc.option(header, { nil: undefined }),
        fc.string(),
        (input, signature, digest, uri) => {
          const evidence: Evidence = {
            method: 'POST',
            targetUri: uri.length % 2 === 0 ? url : uri,
            headers: { 'signature-input': input, signature, 'content-digest': digest, date: signature },
            body: input.length % 3 === 0 ? undefined : Buffer.from(input),
            params: {},
          };
          expect(() => verifier.verify(evidence, key.verificationKey)).toThrow(SignatureFault);
          expect(() => verifySignature(evidence, key.verificationKey, { label: 'sig1' }, now)).toThrow(SignatureFault);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
