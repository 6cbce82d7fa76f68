import { ArchiveFault } from './fault.js';

/**
 * The path of an archive member without `./` in front or `/` behind.
 *
 * @returns `''` for the root itself
 * @throws ArchiveFault when it could lead out of the archive or cannot be a path everywhere
 */
export function safePath(name: string): string {
  const shown = JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}...` : name);
  if (/[\0\\]/.test(name)) throw new ArchiveFault('unsafe', `${shown} has a character that paths must not have`);
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) throw new ArchiveFault('unsafe', `${shown} is an absolute path`);
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw new ArchiveFault('unsafe', `${shown} leads out of the archive`);
  const path = segments.join('/');
  // What file systems and `PATH_MAX` allow with room for the directory in front.
  if (Buffer.byteLength(path) > 1024 || segments.some((segment) => Buffer.byteLength(segment) > 255))
    throw new ArchiveFault('unsafe', `${shown} is too long`);
  return path;
}

/** `a/b/c` -> `a`, `a/b` */
export function ancestors(path: string): string[] {
  const segments = path.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}

/** Order by code unit: the same on every machine, whatever its locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
