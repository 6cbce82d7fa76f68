import { ref } from '../../core/ports/index.js';

/** An artifact about which something may have changed. It only says where to look. */
export interface Notice {
  /** `host[:port]`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Brings into the catalog what registries tell of. */
export interface IntakeManager {
  /**
   * Takes notices durably; what they lead to happens in the background and goes on after a crash. The same notice again
   * changes nothing: each only makes the registry be asked what is there now.
   * - A tag that names an application package which the catalog does not have is imported; under the tag, or where the
   *   catalog has something else from this tag, by its digest.
   * - Of what the catalog has, it is noted whether the registry still has it and what its scanner found.
   * - Of what is signed, a signature says that what was refused without one is imported again.
   */
  notice(notices: readonly Notice[]): Promise<void>;
  /** Resolves once nothing is left to look at. */
  settled(signal: AbortSignal): Promise<void>;
}

export const IntakeManager = ref<IntakeManager>('manager.intake');
