import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from '../../../core/plugin/index.js';
import type { ArtifactRegistry, RegistryCall } from '../../../core/ports/index.js';
import type { Finding } from '../../margo/index.js';
import type { PackageSource } from '../index.js';
import { cosignRefusal, publicKey } from './cosign.js';

export const signaturesConfig = z
  .array(
    z.strictObject({
      of: z
        .string()
        .min(1)
        .describe(
          'What must be signed: `registry/repository`, or all below one that ends in `/`, as in `harbor.example/apps/`',
        ),
      cosignKeys: z
        .array(z.string().min(1))
        .min(1)
        .describe('PEM files of public keys, one of which must have signed with cosign; read at each import'),
    }),
  )
  .default([])
  .describe('Packages that are refused unless they are signed; the first rule for a source counts');

export type SignatureRule = z.output<typeof signaturesConfig>[number];

/** Decides whether a package may be imported, before anything of it but its digest is looked at. */
export class SignaturePolicy {
  constructor(
    private readonly rules: readonly SignatureRule[],
    private readonly resolvePath: (path: string) => string,
  ) {}

  /**
   * @returns why the package is refused; `undefined` when it is signed as it must be, or need not be
   * @throws RegistryFault when the registry does not say
   */
  async refusal(
    registry: ArtifactRegistry,
    source: PackageSource,
    digest: string,
    call: RegistryCall,
  ): Promise<Finding | undefined> {
    const rule = ruleFor(this.rules, source);
    if (!rule) return undefined;
    const keys = await this.#keys(rule);
    const why = typeof keys === 'string' ? keys : await cosignRefusal(registry, source, digest, keys, call);
    if (why === undefined) return undefined;
    return { path: '', code: 'not-signed', message: `what comes from ${rule.of} must be signed, and ${why}` };
  }

  /** Without its keys nothing can be known of a signature, and so nothing is let in. */
  async #keys({ cosignKeys }: SignatureRule): Promise<readonly KeyObject[] | string> {
    const keys: KeyObject[] = [];
    for (const file of cosignKeys) {
      try {
        keys.push(publicKey(await readFile(this.resolvePath(file), 'utf8')));
      } catch (error) {
        return `the key ${file} of this host cannot be used: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    return keys;
  }
}

/** The first rule for a source, however its host is spelled. */
export function ruleFor(
  rules: readonly SignatureRule[],
  { registry, repository }: PackageSource,
): SignatureRule | undefined {
  const place = sameHost(`${registry}/${repository}`);
  return rules.find(({ of }) => (of.endsWith('/') ? place.startsWith(sameHost(of)) : place === sameHost(of)));
}

/**
 * A place with its host in small letters and without a port that is there unless told. Whether a registry is spoken to with TLS is
 * not known here: one more place that must be signed does no harm, one less does.
 */
function sameHost(place: string): string {
  const [host = '', ...path] = place.split('/');
  return [host.toLowerCase().replace(/:(443|80)$/, ''), ...path].join('/');
}
