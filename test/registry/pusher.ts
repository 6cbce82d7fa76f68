/**
 * Pushes one artifact after the other into a storage, until it is killed, and says what was acknowledged:
 * a line `<tag> <digest>` for each. Arguments: the storage's root, and a prefix for the tags.
 */
import { RegistryStorage } from '../../vendors/oci-registry/storage.js';
import { TestClock } from './client.js';
import { imageManifest, pushBlob } from './content.js';

const [root = '', prefix = ''] = process.argv.slice(2);
const storage = new RegistryStorage(root, { blobLimit: 1e6, openUploads: 4, uploadIdle: 60_000 }, new TestClock());
await storage.uploads.start();
for (let count = 0; ; count++) {
  const tag = `${prefix}-${count}`;
  const manifest = imageManifest(await pushBlob(storage, 'apps/killed', Buffer.alloc(50_000, tag)));
  const { digest } = await storage.putManifest('apps/killed', tag, manifest.mediaType, manifest.bytes);
  process.stdout.write(`${tag} ${digest}\n`);
}
