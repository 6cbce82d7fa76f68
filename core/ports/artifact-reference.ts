import { type ArtifactReference, RegistryFault } from './artifacts.js';
import { hostGrammar, isPort } from './host-grammar.js';

// OCI Distribution v1.1, "Pulling manifests": the grammars of <name> and of <reference> as a tag.
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
// image-spec v1.1, descriptor.md: the two registered algorithms and the length of their digests.
const digestGrammar = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** Docker and Harbor limit a repository's name to 255 characters; so do we, and file systems agree. */
const longestName = 255;
/** A host, a name, a tag and a digest at their longest fit. */
const longestText = 1024;

/**
 * Whether `text` is a repository name by the OCI grammar: lower-case path components.
 * @stable since 0.1.0
 */
export function isRepositoryName(text: string): boolean {
  return text.length <= longestName && text.split('/').every((part) => component.test(part));
}

/**
 * Whether `text` is a tag by the OCI grammar: 1 to 128 letters, digits and `_ . -`.
 * @stable since 0.1.0
 */
export function isTag(text: string): boolean {
  return tagGrammar.test(text);
}

/**
 * Whether `text` is `sha256:` with 64 or `sha512:` with 128 lower-case hex digits.
 * @stable since 0.1.0
 */
export function isDigest(text: string): boolean {
  return digestGrammar.test(text);
}

/**
 * Reads `[oci://]host[:port]/repository[:tag][@digest]`.
 *
 * Without the scheme the host must look like one (a dot, a port or `localhost`), for there is no default registry.
 * Tag and digest may both be absent (a repository) or both be there (the digest decides, the tag is for the reader).
 *
 * @throws {@link RegistryFault} `invalid`, saying which part is wrong
 * @stable since 0.1.0
 */
export function parseArtifactReference(text: string): ArtifactReference {
  const invalid = (why: string) =>
    new RegistryFault('invalid', `artifact reference ${JSON.stringify(text.slice(0, 300))}: ${why}`);
  if (text.length > longestText) throw invalid(`it is longer than ${longestText} characters`);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  if (scheme !== undefined && scheme.toLowerCase() !== 'oci://')
    throw invalid(`the scheme must be oci://, not ${scheme}`);
  const bare = text.slice(scheme?.length ?? 0);

  const slash = bare.indexOf('/');
  if (slash < 0)
    throw invalid('a registry and a repository are needed, as in oci://registry.example:5000/apps/pump:1.0.0');
  const registry = bare.slice(0, slash);
  const host = hostGrammar.exec(registry);
  if (!host) throw invalid(`${JSON.stringify(registry)} is not a host with an optional port`);
  if (host[1] !== undefined && !isPort(host[1])) throw invalid(`${host[1]} is not a port (without zeros before it)`);
  // What looks like an address may be none, as 1.2.3.4.5.
  if (!URL.canParse(`https://${registry}`)) throw invalid(`${JSON.stringify(registry)} is not a host`);
  if (scheme === undefined && !/[.:[]/.test(registry) && registry !== 'localhost') {
    throw invalid(`it names no registry (there is no default one); write oci://${registry}/... if that is the host`);
  }

  const [path = '', digest, ...more] = bare.slice(slash + 1).split('@');
  if (more.length > 0) throw invalid('there is more than one @');
  const colon = path.indexOf(':');
  const repository = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? undefined : path.slice(colon + 1);
  if (!isRepositoryName(repository)) {
    throw invalid(
      `${JSON.stringify(repository)} is not a repository name (lower-case letters, digits and . _ - between them, parted by /)`,
    );
  }
  if (tag !== undefined && !isTag(tag))
    throw invalid(`${JSON.stringify(tag)} is not a tag (letters, digits and _ . - , 128 at most)`);
  if (digest !== undefined && !isDigest(digest)) {
    throw invalid(`${JSON.stringify(digest)} is not a digest (sha256: and 64 lower-case hex digits)`);
  }
  return { registry, repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/**
 * The text that {@link parseArtifactReference} reads back to the same.
 * @stable since 0.1.0
 */
export function printArtifactReference(reference: ArtifactReference): string {
  const { registry, repository, tag, digest } = reference;
  return `oci://${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/**
 * A deployment names a component by repository and revision apart (Margo ApplicationDeployment).
 *
 * @param repository `oci://host/path`, without tag and digest
 * @param revision a digest, or a version: `+` becomes `_`, since a tag cannot hold it
 * @throws {@link RegistryFault} `invalid`
 * @stable since 0.1.0
 */
export function artifactAt(repository: string, revision: string): ArtifactReference {
  const { tag, digest, ...place } = parseArtifactReference(repository);
  if (tag !== undefined || digest !== undefined) {
    throw new RegistryFault('invalid', `repository ${repository}: the tag or digest belongs in the revision`);
  }
  if (isDigest(revision)) return { ...place, digest: revision };
  const version = revision.replaceAll('+', '_');
  if (!isTag(version)) {
    throw new RegistryFault(
      'invalid',
      `revision ${JSON.stringify(revision.slice(0, 300))} of ${repository} is neither a tag nor a digest`,
    );
  }
  return { ...place, tag: version };
}
