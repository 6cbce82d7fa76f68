import { ref } from '../../core/ports/index.js';

/** Where the agent stands with its fleet manager. */
export interface SyncStatus {
  /** The id that the fleet manager gave; absent before the first onboarding. */
  readonly clientId?: string;
  /** Version of the adopted manifest; 0 before the first. */
  readonly manifestVersion: number;
  /** Milliseconds since the epoch of the last successful contact. */
  readonly lastContact?: number;
  /** Why the last contact failed, for a person; absent when it did not. */
  readonly trouble?: string;
}

/** Keeps this device in line with its fleet manager: onboarding, capabilities, desired state, reports. */
export interface SyncManager {
  status(): SyncStatus;
  /** Polls now instead of at the next turn: for a transport that can push "manifest changed". */
  hurry(): void;
}

export const SyncManager = ref<SyncManager>('manager.sync');
