import { readFileSync } from 'node:fs';
import { hostRefs } from '../core/host/index.js';
import { DefinitionRegistry } from '../core/plugin/registry.js';
import { loadProfile, type ResolvedProfile } from '../core/profile/index.js';
import { builtins } from './builtins.js';

/** The version in package.json, which lies above both `cli/` and `dist/cli/`. */
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

export function builtinRegistry(): DefinitionRegistry {
  const registry = new DefinitionRegistry();
  registry.announce(builtins);
  return registry;
}

/** @throws ProfileError with every fault of the file */
export function readProfile(file: string): Promise<ResolvedProfile> {
  return loadProfile(file, { env: process.env, registry: builtinRegistry(), hostVersion: tuttiVersion(), hostRefs });
}
