import { answer } from './answers.js';
import { body, type Exchange } from './exchange.js';

/** OCI Distribution v1.1, "Pushing Manifests": a registry should take 4 MiB at least. */
const manifestLimit = 4 * 1024 * 1024;

export async function getManifest({ storage, name, reference, response, head }: Exchange): Promise<void> {
  const { bytes, mediaType, digest } = await storage.manifest(name, reference);
  answer(
    response,
    200,
    { 'Content-Type': mediaType, 'Docker-Content-Digest': digest, ETag: `"${digest}"` },
    bytes,
    head,
  );
}

export async function putManifest({ storage, name, reference, request, response, base }: Exchange): Promise<void> {
  const mediaType = request.headers['content-type']?.split(';')[0]?.trim() ?? '';
  const facts = await storage.putManifest(name, reference, mediaType, await body(request, manifestLimit));
  answer(response, 201, {
    Location: `${base}/${name}/manifests/${facts.digest}`,
    'Docker-Content-Digest': facts.digest,
    ...(facts.subject !== undefined && { 'OCI-Subject': facts.subject }),
  });
}

export async function deleteManifest({ storage, name, reference, response }: Exchange): Promise<void> {
  await storage.deleteManifest(name, reference);
  answer(response, 202);
}
