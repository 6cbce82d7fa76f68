import type { StreamItem } from '../../core/plugin/index.js';
import type { DeviceManager } from '../../managers/device/index.js';
import type { ManifestManager } from '../../managers/manifest/index.js';

/** One version of a device's desired state. */
export interface ManifestChange {
  readonly etag: string;
  readonly version: number;
}

/**
 * The versions that a device is to have, as they come, each under its ETag. While somebody reads, the device is
 * connected; it ends when the device may not use its credentials any more.
 *
 * @param seen ETag of the version that the device has: not told again
 */
export async function* manifestChanges(
  { devices, manifests }: { readonly devices: DeviceManager; readonly manifests: ManifestManager },
  clientId: string,
  seen: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamItem<ManifestChange>, void, undefined> {
  const line = devices.connect(clientId);
  try {
    for await (const { etag, version } of manifests.changes(clientId, AbortSignal.any([signal, line.signal]))) {
      if (etag !== seen) yield { id: etag, data: { etag, version } };
    }
  } finally {
    line.close();
  }
}
