import 'reflect-metadata';
import { createPrivateKey, generateKeyPairSync, sign, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { FlattenedSign } from 'jose';
import type { ArtifactToPush, Descriptor } from '../../core/ports/index.js';

/** Signs artifacts; `trust` is the PEM text by which its signatures are verified. */
export interface Signer {
  readonly trust: string;
  sign(artifact: Descriptor): Promise<ArtifactToPush>;
}

/** As `cosign sign --key` does. What it makes belongs under the tag of the artifact's signatures. */
export function cosignSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    trust: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    async sign({ digest }) {
      const image = { 'docker-manifest-digest': digest };
      const identity = { 'docker-reference': '' };
      const critical = { type: 'cosign container image signature', image, identity };
      const bytes = Buffer.from(JSON.stringify({ critical, optional: null }));
      const signature = sign('sha256', bytes, privateKey).toString('base64');
      const annotations = { 'dev.cosignproject.cosign/signature': signature };
      const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
      return { artifactType: 'application/vnd.oci.image.config.v1+json', layers: [{ mediaType, bytes, annotations }] };
    },
  };
}

/**
 * As `notation sign` does, with a certificate that is its own authority. What it makes refers to the artifact.
 * @param now milliseconds since the epoch; the certificate is good for an hour before and after
 */
export async function notationSigner(now: number): Promise<Signer> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=release, O=Plant A',
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + 3_600_000),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const scheme = 'io.cncf.notary.signingScheme';
  return {
    trust: certificate.toString('pem'),
    async sign({ mediaType, digest, size }) {
      const payload = Buffer.from(JSON.stringify({ targetArtifact: { mediaType, digest, size } }));
      const jws = await new FlattenedSign(payload)
        .setProtectedHeader({
          alg: 'ES256',
          cty: 'application/vnd.cncf.notary.payload.v1+json',
          crit: [scheme],
          [scheme]: 'notary.x509',
          'io.cncf.notary.signingTime': new Date(now).toISOString(),
        })
        .sign(key, { crit: { [scheme]: true } });
      const header = { x5c: [Buffer.from(certificate.rawData).toString('base64')] };
      const bytes = Buffer.from(JSON.stringify({ ...jws, header }));
      const layers = [{ mediaType: 'application/jose+json', bytes }];
      return { artifactType: 'application/vnd.cncf.notary.signature', layers };
    },
  };
}
