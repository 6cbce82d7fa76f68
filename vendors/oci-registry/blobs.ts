import { pipeline } from 'node:stream/promises';
import { answer, apiVersion } from './answers.js';
import type { Exchange } from './exchange.js';

export async function getBlob({ storage, name, reference, response, head }: Exchange): Promise<void> {
  const headers = {
    ...apiVersion,
    'Content-Type': 'application/octet-stream',
    'Docker-Content-Digest': reference,
    ETag: `"${reference}"`,
  };
  if (head) {
    response.writeHead(200, { ...headers, 'Content-Length': await storage.blobSize(name, reference) }).end();
    return;
  }
  const { file, size } = await storage.blob(name, reference);
  response.writeHead(200, { ...headers, 'Content-Length': size });
  // The stream closes the file, whoever ends first.
  await pipeline(file.createReadStream(), response);
}

export async function deleteBlob({ storage, name, reference, response }: Exchange): Promise<void> {
  await storage.deleteBlob(name, reference);
  answer(response, 202);
}
