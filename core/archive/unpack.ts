export interface UnpackLimits {
  /** Unpacked bytes of all files together. */
  readonly bytes: number;
  readonly entries: number;
  readonly signal?: AbortSignal;
}

export interface Unpacked {
  /** Paths of the files, sorted. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * Unpacks into `directory`, which must not exist yet and appears only when everything was fine: work is done in a fresh
 * directory beside it, which is renamed at the end.
 *
 * Refused: absolute paths, `..`, links that leave the archive, devices, duplicates, more than the limits, anything after a
 * damaged or truncated part. setuid, setgid and sticky bits are dropped.
 *
 * @throws ArchiveFault
 */
export async function unpackTarGz(
  _archive: AsyncIterable<Uint8Array>,
  _directory: string,
  _limits: UnpackLimits,
): Promise<Unpacked> {
  throw new Error('not written yet');
}

/** The same checks, in memory, for small archives. @returns path to bytes @throws ArchiveFault */
export async function readTarGz(_archive: Uint8Array, _limits: UnpackLimits): Promise<Map<string, Uint8Array>> {
  throw new Error('not written yet');
}
