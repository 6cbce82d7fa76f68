import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Tutti as it is installed on this machine. */
export interface Installation {
  /** Where its package.json lies, absolute. */
  readonly folder: string;
  readonly version: string;
  /** What it is written with, by package: ranges of versions. */
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface PackageFile extends Omit<Installation, 'folder'> {
  readonly name: string;
}

/** Its package.json lies above both `cli/` and `dist/cli/`. */
export function installation(): Installation {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const file = new URL(path, import.meta.url);
      const { name, version, devDependencies } = JSON.parse(readFileSync(file, 'utf8')) as PackageFile;
      if (name === 'tutti') return { folder: dirname(fileURLToPath(file)), version, devDependencies };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new Error('package.json of tutti is not where it should be; was the installation moved in parts?');
}
