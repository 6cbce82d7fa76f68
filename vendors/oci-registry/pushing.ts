import type { IncomingMessage } from 'node:http';
import { answer } from './answers.js';
import { chunks, type Exchange } from './exchange.js';
import { DistributionFault } from './fault.js';
import { range } from './uploads.js';

/** POST: mounts a blob of another repository, or takes a whole blob, or opens an upload for PATCH and PUT. */
export async function beginUpload(exchange: Exchange): Promise<void> {
  const { storage, name, query, request, response, base } = exchange;
  const [mount, from, digest] = [query.get('mount'), query.get('from'), query.get('digest')];
  // Who may push here may pull everywhere, so every repository is visible to this caller.
  if (mount !== null && from !== null && (await storage.mountBlob(name, from, mount))) {
    blobCreated(exchange, mount);
    return;
  }
  const upload = await storage.beginUpload(name);
  if (digest === null) {
    answer(response, 202, uploadHeaders(base, name, upload, 0));
    return;
  }
  try {
    await storage.uploads.append(name, upload, chunks(request));
  } catch (error) {
    // Its client never learned the upload's address, so nobody could go on with it.
    await storage.uploads.abandon(upload);
    throw error;
  }
  await storage.finishUpload(name, upload, digest);
  blobCreated(exchange, digest);
}

export async function uploadStatus({ storage, name, reference, response, base }: Exchange): Promise<void> {
  answer(response, 204, uploadHeaders(base, name, reference, storage.uploads.size(name, reference)));
}

export async function continueUpload({ storage, name, reference, request, response, base }: Exchange): Promise<void> {
  const size = await storage.uploads.append(name, reference, chunks(request), contentStart(request));
  answer(response, 202, uploadHeaders(base, name, reference, size));
}

export async function finishUpload(exchange: Exchange): Promise<void> {
  const { storage, name, reference, query, request } = exchange;
  const digest = query.get('digest');
  if (digest === null) throw new DistributionFault(400, 'DIGEST_INVALID', 'the query must name the digest');
  await storage.uploads.append(name, reference, chunks(request), contentStart(request));
  await storage.finishUpload(name, reference, digest);
  blobCreated(exchange, digest);
}

export async function cancelUpload({ storage, name, reference, response }: Exchange): Promise<void> {
  await storage.uploads.cancel(name, reference);
  answer(response, 204);
}

function blobCreated({ response, base, name }: Exchange, digest: string): void {
  answer(response, 201, { Location: `${base}/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest });
}

function uploadHeaders(base: string, name: string, upload: string, size: number): Record<string, string> {
  const location = `${base}/${name}/blobs/uploads/${upload}`;
  return { Location: location, Range: range(size), 'Docker-Upload-UUID': upload };
}

/** Where a chunk begins, by `Content-Range: <start>-<end>` (OCI Distribution v1.1, "Pushing a blob in chunks"). */
function contentStart(request: IncomingMessage): number | undefined {
  const field = request.headers['content-range'];
  if (field === undefined) return undefined;
  const start = /^(?:bytes )?(\d{1,15})-\d{1,15}(?:\/.*)?$/.exec(field)?.[1];
  if (start === undefined) {
    throw new DistributionFault(416, 'BLOB_UPLOAD_INVALID', 'Content-Range must be <first byte>-<last byte>');
  }
  return Number(start);
}
