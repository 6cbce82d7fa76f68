import { join } from 'node:path';
import { type Clock, defineVendor, type Lifecycle, type Logger, z } from '../../core/plugin/index.js';
import { httpMount } from '../http/index.js';
import { distribution } from './distribution.js';
import { RegistryStorage } from './storage.js';

const config = z.strictObject({
  anonymousPull: z
    .boolean()
    .default(false)
    .describe('Lets anyone pull. docker and skopeo then offer no credentials at all, so that only others can push'),
  folder: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
    .default('registry')
    .describe('Folder of the data directory that holds the OCI image layouts'),
  blobLimit: z
    .int()
    .positive()
    .default(2 * 1024 ** 3)
    .describe('Bytes of the largest blob'),
  openUploads: z.int().positive().default(64).describe('Uploads open at the same time'),
  uploadIdleSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(900)
    .describe('Seconds after which an idle upload is dropped'),
});

/** `vendor.oci-registry`: a registry for one machine, to be pulled from and pushed to as any other. */
export const ociRegistry = defineVendor({
  type: 'vendor.oci-registry',
  version: '1.0.0',
  summary: 'An embedded OCI registry, stored as OCI image layouts on disk',
  config,
  create: ({ config: { anonymousPull, folder, uploadIdleSeconds, ...limits }, dataDir, clock, log }) => {
    const uploadIdle = uploadIdleSeconds * 1000;
    const storage = new RegistryStorage(join(dataDir, folder), { ...limits, uploadIdle }, clock);
    const sweeping = new AbortController();
    const lifecycle: Lifecycle = {
      start: async () => {
        await storage.uploads.start();
        sweep(storage, clock, uploadIdle, log, sweeping.signal).catch((error: unknown) => {
          if (!sweeping.signal.aborted) log.error('idle uploads are no longer dropped', { error });
        });
      },
      stop: async () => {
        sweeping.abort();
        await storage.uploads.stop();
      },
    };
    return { mounts: [httpMount('/v2', distribution({ storage, log, anonymousPull }))], ...lifecycle };
  },
});

/** Drops idle uploads now and then; ends by the abort of `signal`, with its reason. */
async function sweep(
  storage: RegistryStorage,
  clock: Clock,
  every: number,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.delay(every, signal);
    try {
      await storage.uploads.sweep();
    } catch (error) {
      log.warn('an idle upload could not be dropped; it is tried again', { error });
    }
  }
}

export default ociRegistry;
