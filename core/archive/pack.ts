export interface ArchiveEntry {
  /** Relative, `/` between segments, no `.` or `..`. Directories are made from the paths of the files. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable?: boolean;
}

/** A tar.gz whose bytes depend on the entries alone: sorted, no times, no owners, a gzip header without time or system. */
export async function packTarGz(_entries: Iterable<ArchiveEntry>): Promise<Uint8Array> {
  throw new Error('not written yet');
}

export interface DirectoryLimits {
  readonly bytes: number;
  readonly entries: number;
}

/** All regular files below a directory, sorted. Links and special files are refused. @throws ArchiveFault */
export async function directoryEntries(_directory: string, _limits: DirectoryLimits): Promise<ArchiveEntry[]> {
  throw new Error('not written yet');
}
