import type { Descriptor } from '../../core/plugin/index.js';
import { mediaTypes, sha256 } from '../../vendors/oci-registry/manifest.js';
import type { RegistryStorage } from '../../vendors/oci-registry/storage.js';

/** Bytes as the stream that a request is. */
export async function* once(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

export async function pushBlob(storage: RegistryStorage, repository: string, bytes: Uint8Array): Promise<Descriptor> {
  const upload = await storage.beginUpload(repository);
  await storage.uploads.append(repository, upload, once(bytes));
  await storage.finishUpload(repository, upload, sha256(bytes));
  return { mediaType: 'application/octet-stream', digest: sha256(bytes), size: bytes.byteLength };
}

/** An artifact's manifest whose one blob is config and layer alike. */
export function imageManifest(
  blob: Descriptor,
  more: object = {},
): { mediaType: string; bytes: Buffer; digest: string } {
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config: blob, layers: [blob], ...more };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { mediaType: mediaTypes.manifest, bytes, digest: sha256(bytes) };
}
