import { extname } from 'node:path/posix';
import type { Catalog } from '../application/description.js';

/** Resources that a description may name (section "Application Registry"). */
export const resourceKinds = ['icon', 'descriptionFile', 'licenseFile', 'releaseNotes'] as const;
export type ResourceKind = (typeof resourceKinds)[number];

/** The path of a resource in its package, as a description names it: `./resources/icon.png`, or without `resources/`. */
export function resourcePath(named: string, paths: ReadonlySet<string>): string | undefined {
  const path = named.replace(/^(\.\/)+/, '');
  return [path, `resources/${path}`].find((candidate) => paths.has(candidate));
}

/** What each of the paths is in the catalog. */
export function resourcesByPath(
  application: Catalog['application'],
  paths: ReadonlySet<string>,
): ReadonlyMap<string, ResourceKind> {
  return new Map(
    resourceKinds.flatMap((kind) => {
      const named = application[kind];
      const path = named === undefined ? undefined : resourcePath(named, paths);
      return path === undefined ? [] : [[path, kind] as const];
    }),
  );
}

const formats: Readonly<Record<string, readonly [format: string, mediaType: string]>> = {
  '.png': ['png', 'image/png'],
  '.jpg': ['jpeg', 'image/jpeg'],
  '.jpeg': ['jpeg', 'image/jpeg'],
  '.gif': ['gif', 'image/gif'],
  '.webp': ['webp', 'image/webp'],
  '.svg': ['svg', 'image/svg+xml'],
  '.md': ['markdown', 'text/markdown'],
  '.txt': ['plain', 'text/plain'],
  '.pdf': ['pdf', 'application/pdf'],
};

/** `application/vnd.margo.app.icon.v1+png` for what the catalog names, the ordinary media type for the rest. */
export function resourceMediaType(path: string, kind: ResourceKind | undefined): string {
  const [format, mediaType] = formats[extname(path).toLowerCase()] ?? ['octet-stream', 'application/octet-stream'];
  return kind === undefined ? mediaType : `application/vnd.margo.app.${kind}.v1+${format}`;
}
