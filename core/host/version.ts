import { readFileSync } from 'node:fs';

/** The version in package.json, two folders above the sources and the built files alike. */
export function tuttiVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name: string;
        version: string;
      };
      if (name === 'tutti') return version;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new Error('package.json of tutti is not where it should be; was the installation moved in parts?');
}
