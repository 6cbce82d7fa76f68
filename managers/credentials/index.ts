import { type PullCredential, ref } from '../../core/ports/index.js';

/** Hands devices what they pull with, and takes it back from those that may not have it any more. */
export interface CredentialManager {
  /**
   * New credentials for an onboarded device; nothing of them is kept but when they were made. They end by themselves when
   * the device is revoked or removed, whichever host on the store does that.
   * @throws Problem 403 for a device that is not onboarded (any more), 503 while the registry cannot be asked
   */
  issue(clientId: string, signal?: AbortSignal): Promise<readonly PullCredential[]>;
}

export const CredentialManager = ref<CredentialManager>('manager.credentials');
