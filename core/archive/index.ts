/** Deterministic tar.gz out, suspicious tar.gz in. */
export { ArchiveFault } from './fault.js';
export { type ArchiveEntry, type DirectoryLimits, directoryEntries, packTarGz } from './pack.js';
export { safePath } from './path.js';
export { readTarGz, type Unpacked, type UnpackLimits, unpackTarGz } from './unpack.js';
