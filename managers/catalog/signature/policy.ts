import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hasCode } from '../../../core/files/index.js';
import { parseCertificates } from '../../../core/identity/index.js';
import { type Clock, type Logger, registryPlace, z } from '../../../core/plugin/index.js';
import type { ArtifactRegistry, Descriptor, RegistryCall } from '../../../core/ports/index.js';
import type { Finding } from '../../margo/index.js';
import { canonicalHost, sameHost } from '../host.js';
import { notSigned, type PackageSource } from '../index.js';
import { cosignRefusal, publicKey } from './cosign.js';
import { notationRefusal, subjectName } from './notation.js';

export const signaturesConfig = z
  .array(
    z
      .strictObject({
        of: registryPlace.describe(
          'What must be signed: one repository, `host[:port]/repository`, or all below what ends in `/`, as in ' +
            '`harbor.example/apps/`; all of a registry is `harbor.example/`',
        ),
        cosignKeys: z
          .array(z.string().min(1))
          .min(1)
          .optional()
          .describe(
            'PEM files with a public key each, as cosign.pub, one of which must have signed with cosign; read at each import',
          ),
        notation: z
          .strictObject({
            certificates: z
              .array(z.string().min(1))
              .min(1)
              .describe('PEM files of authorities, or of signers themselves; read at each import'),
            subjects: z
              .array(subjectName.refine((name) => Object.keys(name).length > 0, 'must say something'))
              .min(1)
              .optional()
              .describe('Signers by the names in their certificates, as in `{ CN: release, O: Plant A }`; else any'),
          })
          .optional()
          .describe('Whose signatures with Notation count'),
      })
      .refine(({ cosignKeys, notation }) => cosignKeys !== undefined || notation !== undefined, {
        message: 'needs `cosignKeys`, `notation` or both; with both, one signature of either kind is enough',
      }),
  )
  .default([])
  .describe('Packages that are refused unless they are signed; the first rule for a source counts');

export type SignatureRule = z.output<typeof signaturesConfig>[number];

interface Package {
  readonly registry: ArtifactRegistry;
  readonly source: PackageSource;
  readonly artifact: Descriptor;
  readonly call: RegistryCall;
}

/** Decides whether a package may be imported, before anything of it but its descriptor is looked at. */
export class SignaturePolicy {
  constructor(
    private readonly rules: readonly SignatureRule[],
    private readonly resolvePath: (path: string) => string,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /**
   * Reads the files of all rules, so that a slip is seen before the first package is refused for it. A file may come later.
   * @throws Error that names the setting, for a file that is there and is not what is needed
   */
  async check(log: Pick<Logger, 'warn'>): Promise<void> {
    for (const [index, { of, cosignKeys = [], notation }] of this.rules.entries()) {
      // Few repositories are in no project, and a rule for one that is not there lets everything in.
      if (/^[^/]+\/[^/]+$/.test(of))
        log.warn(`signatures[${index}].of is the one repository ${of}: if all below it must be signed, write ${of}/`);
      await this.#check(`signatures[${index}].cosignKeys`, cosignKeys, publicKey, log);
      const certificates = notation?.certificates ?? [];
      await this.#check(`signatures[${index}].notation.certificates`, certificates, parseCertificates, log);
    }
  }

  /**
   * @param artifact the package's manifest
   * @returns why the package is refused; `undefined` when it is signed as it must be, or need not be
   * @throws RegistryFault when the registry does not say
   */
  async refusal(
    registry: ArtifactRegistry,
    source: PackageSource,
    artifact: Descriptor,
    call: RegistryCall,
  ): Promise<Finding | undefined> {
    if (this.rules.length > 0 && canonicalHost(source.registry) === undefined) {
      return { path: '', code: notSigned, message: `${source.registry} is not a host` };
    }
    const rule = ruleFor(this.rules, source);
    if (!rule) return undefined;
    const why: string[] = [];
    for await (const refusal of this.#refusals(rule, { registry, source, artifact, call })) {
      if (refusal === undefined) return undefined;
      why.push(refusal);
    }
    const message = `what comes from ${rule.of} must be signed, and ${why.join(', and ')}`;
    return { path: '', code: notSigned, message };
  }

  /** By each kind of signature that the rule names, in turn. */
  async *#refusals({ cosignKeys, notation }: SignatureRule, { registry, source, artifact, call }: Package) {
    if (cosignKeys) {
      const keys = await this.#read('key', cosignKeys, (pem): readonly KeyObject[] => [publicKey(pem)]);
      yield typeof keys === 'string' ? keys : cosignRefusal(registry, source, artifact.digest, keys, call);
    }
    if (notation) {
      const certificates = await this.#read('certificate', notation.certificates, parseCertificates);
      const { subjects } = notation;
      yield typeof certificates === 'string'
        ? certificates
        : notationRefusal(registry, source, artifact, { certificates, subjects }, this.clock.now(), call);
    }
  }

  /** Without what verifies signatures nothing can be known of them, and so none of them counts. */
  async #read<T>(what: string, files: readonly string[], parse: (pem: string) => readonly T[]): Promise<T[] | string> {
    const all: T[] = [];
    for (const file of files) {
      try {
        all.push(...parse(await readFile(this.resolvePath(file), 'utf8')));
      } catch (error) {
        return `the ${what} ${file} of this host cannot be used: ${reason(error)}`;
      }
    }
    return all;
  }

  async #check(
    setting: string,
    files: readonly string[],
    parse: (pem: string) => unknown,
    log: Pick<Logger, 'warn'>,
  ): Promise<void> {
    for (const [index, file] of files.entries()) {
      try {
        parse(await readFile(this.resolvePath(file), 'utf8'));
      } catch (cause) {
        const where = `${setting}[${index}], ${file}`;
        if (!hasCode(cause, 'ENOENT')) throw new Error(`${where}, cannot be used: ${reason(cause)}`, { cause });
        log.warn(`${where}, is not there: until it is, no signature counts where it is needed`);
      }
    }
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The first rule for a source, however its host is spelled: one more place that must be signed does no harm, one less does. */
export function ruleFor(
  rules: readonly SignatureRule[],
  { registry, repository }: PackageSource,
): SignatureRule | undefined {
  const place = samePlace(`${registry}/${repository}`);
  return rules.find(({ of }) => (of.endsWith('/') ? place.startsWith(samePlace(of)) : place === samePlace(of)));
}

function samePlace(place: string): string {
  const [host = '', ...path] = place.split('/');
  return [sameHost(host), ...path].join('/');
}
