import { readLooseYaml } from '../../../core/yaml/index.js';
import type { Finding } from '../finding.js';

type Loose = Readonly<Record<string, unknown>>;

/**
 * What the standard forbids in a component's `compose.yaml`: bind mounts, whose sources no device has, and files of secrets.
 * Anchors are the author's own here and are let be.
 */
export function composeFaults(text: string): Finding[] {
  const { value: compose, fault } = readLooseYaml(text);
  if (fault) return [{ path: '', code: 'unreadable', ...fault }];
  const services = members(compose, 'services');
  if (services.length === 0) return [{ path: 'services', code: 'missing', message: 'is missing or empty' }];
  const mounts = services.flatMap(([name, service]) =>
    items(service, 'volumes').flatMap((volume, index) =>
      isBind(volume)
        ? [
            {
              path: `services.${name}.volumes[${index}]`,
              code: 'bind-mount',
              message: 'is a bind mount, which components must not have',
            },
          ]
        : [],
    ),
  );
  const secrets = members(compose, 'secrets').flatMap(([name, secret]) =>
    isObject(secret) && 'file' in secret
      ? [
          {
            path: `secrets.${name}.file`,
            code: 'secret-file',
            message: 'is a file of secrets, which components must not have',
          },
        ]
      : [],
  );
  return [...mounts, ...secrets];
}

/** Short syntax: a source that is a path. A name is a volume, a single path an anonymous one. */
function isBind(volume: unknown): boolean {
  if (isObject(volume)) return volume['type'] === 'bind';
  return typeof volume === 'string' && /^[./~][^:]*:/.test(volume);
}

function members(of: unknown, key: string): [string, unknown][] {
  const found = isObject(of) ? of[key] : undefined;
  return isObject(found) ? Object.entries(found) : [];
}

function items(of: unknown, key: string): unknown[] {
  const found = isObject(of) ? of[key] : undefined;
  return Array.isArray(found) ? found : [];
}

function isObject(value: unknown): value is Loose {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
