import { definePort } from './port.js';

/**
 * Where an artifact is: `host[:port]`, repository path, and a tag or a digest; where both are there the digest decides.
 * @stable since 0.1.0
 */
export interface ArtifactReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:` and 64 lower-case hex digits. */
  readonly digest?: string;
}

/**
 * OCI content descriptor (image-spec v1.1, descriptor.md). `size` in bytes.
 * @stable since 0.1.0
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

/**
 * OCI image manifest (image-spec v1.1, manifest.md) as used for artifacts.
 * @stable since 0.1.0
 */
export interface ArtifactManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * What a reference leads to now.
 * @stable since 0.1.0
 */
export interface ResolvedArtifact {
  readonly reference: ArtifactReference;
  readonly descriptor: Descriptor;
  readonly manifest: ArtifactManifest;
}

/**
 * Credentials for one call; without them the provider's own configuration decides. Never logged, never stored.
 * @stable since 0.1.0
 */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * What the scanner of a registry has found in an artifact.
 * @experimental
 */
export interface ScanReport {
  /** `queued` and `running`: a report is to come; `failed`, `stopped`: none will, until somebody scans again. */
  readonly status: 'queued' | 'running' | 'succeeded' | 'failed' | 'stopped';
  /** The worst that was found, in the scanner's words: `Critical`, `High`, ..., `None`. */
  readonly severity?: string;
  /** How many vulnerabilities, of how many there is a version without, and how many of each severity. */
  readonly vulnerabilities?: {
    readonly total: number;
    readonly fixable: number;
    readonly bySeverity: Readonly<Record<string, number>>;
  };
  /** Name and version of the scanner. */
  readonly scanner?: string;
  /** Milliseconds since the epoch. */
  readonly finishedAt?: number;
}

/**
 * An artifact as a registry lists it.
 * @experimental
 */
export interface ListedArtifact {
  /** Absent where a tag leads to several artifacts, as one of images for several platforms does. */
  readonly digest?: string;
  readonly tags: readonly string[];
  /** Bytes, with all that it is made of. */
  readonly size?: number;
  /** What the registry's own scanner has found in it, where there is one that has looked. */
  readonly scan?: ScanReport;
}

/**
 * What may come with any call.
 * @stable since 0.1.0
 */
export interface RegistryCall {
  readonly signal?: AbortSignal;
  readonly credentials?: RegistryCredentials;
  /** Bytes received so far of the total, for progress on a pull. */
  readonly progress?: (received: number, total: number) => void;
}

/**
 * One layer to push: its exact bytes, what they are and how they are labelled.
 * @stable since 0.1.0
 */
export interface ArtifactLayer {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * An artifact that is not in a registry yet.
 * @stable since 0.1.0
 */
export interface ArtifactToPush {
  readonly artifactType: string;
  readonly layers: readonly ArtifactLayer[];
  /** The OCI empty descriptor unless told. */
  readonly config?: { readonly mediaType: string; readonly bytes: Uint8Array };
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * What went wrong with a registry, by what the caller can do about it.
 * @stable since 0.1.0
 */
export class RegistryFault extends Error {
  override readonly name = 'RegistryFault';
  constructor(
    /**
     * - `not-found`: there is no such repository, tag or blob; somebody may push it later.
     * - `denied`: the credentials do not do.
     * - `unreachable`: no answer, or none that makes sense now; the same call can succeed later.
     * - `corrupt`: what came is not what its digest or length says.
     * - `refused`: more than the caller takes, or the registry takes no such thing.
     * - `invalid`: the reference, or what came, cannot be used as it is.
     */
    readonly reason: 'not-found' | 'denied' | 'unreachable' | 'corrupt' | 'refused' | 'invalid',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Pulls and pushes OCI artifacts (OCI Distribution v1.1). All sizes are in bytes.
 *
 * When: between `start` and `stop`, any calls at the same time. Aborting `call.signal` ends the call with its reason.
 *
 * After a crash: nothing is kept here. A push that was cut off has left blobs that nothing names, and no tag; it is
 * made again from the beginning.
 *
 * Again: everything may be. Pushing is idempotent: what is there already is not sent again. A tag may mean something
 * else the next time; a digest never does.
 *
 * What holds:
 * - Every digest is recomputed over the received bytes; a mismatch or a wrong length is `corrupt` and yields no value
 *   (a stream throws before it ends, so a reader that saw the end has verified bytes).
 * - An index of one manifest is that manifest; of several, one has to be named by its digest.
 * - A stream that is not read to its end is let go of.
 *
 * Errors: all calls reject with {@link RegistryFault} and with nothing else, an abort excepted. No message has a
 * password.
 * @stable since 0.1.0
 */
export interface ArtifactRegistry {
  /** What a tag or digest names now. */
  resolve(reference: ArtifactReference, call?: RegistryCall): Promise<ResolvedArtifact>;
  /** A verified blob as a stream, for what may be large. */
  pull(
    at: Pick<ArtifactReference, 'registry' | 'repository'>,
    blob: Descriptor,
    call?: RegistryCall,
  ): AsyncIterable<Uint8Array>;
  /** A verified blob as bytes. @param limit more bytes than this are refused before they are read */
  fetch(
    at: Pick<ArtifactReference, 'registry' | 'repository'>,
    blob: Descriptor,
    limit: number,
    call?: RegistryCall,
  ): Promise<Uint8Array>;
  /** All of a repository, in the registry's order. */
  tags(at: Pick<ArtifactReference, 'registry' | 'repository'>, call?: RegistryCall): Promise<readonly string[]>;
  /**
   * Blobs first, the manifest last: the tag names the whole artifact, or what it named before.
   * @returns the manifest's descriptor
   */
  push(to: ArtifactReference, artifact: ArtifactToPush, call?: RegistryCall): Promise<Descriptor>;
  /**
   * What the registry's own scanner has found in an artifact: `undefined` where it was not scanned, and of a registry
   * without a scanner. Providers of such registries leave it out.
   */
  scan?(reference: ArtifactReference, call?: RegistryCall): Promise<ScanReport | undefined>;
  /**
   * The artifacts of one type that name another as their subject, as signatures do (OCI Distribution v1.1, "Listing
   * Referrers"): by the registry's API or, where it has none, by the index under the tag that stands in for it. None is
   * no fault. Anybody who may push to the repository can be the author of one.
   * @param subject with the digest of what is referred to
   * @experimental
   */
  referrers?(subject: ArtifactReference, artifactType: string, call?: RegistryCall): Promise<readonly Descriptor[]>;
  /**
   * The repositories of a registry that the caller may see, in the registry's order; the next ones are asked for when
   * somebody wants them. Not every registry tells.
   * @param from how many are left out at the beginning
   * @experimental
   */
  repositories?(registry: string, from: number, call?: RegistryCall): AsyncIterable<string>;
  /**
   * What is in a repository, as {@link repositories} does it.
   * @experimental
   */
  artifacts?(
    at: Pick<ArtifactReference, 'registry' | 'repository'>,
    from: number,
    call?: RegistryCall,
  ): AsyncIterable<ListedArtifact>;
}

export const ArtifactRegistry = definePort<ArtifactRegistry>('registry', 'Pulls and pushes OCI artifacts', {
  boundary: {
    members: {
      ...{ resolve: 'long', pull: 'stream', fetch: 'long', tags: 'long', push: 'long' },
      ...{ scan: 'long', referrers: 'long', repositories: 'stream', artifacts: 'stream' },
    },
    faults: [RegistryFault],
    broken: (message) => new RegistryFault('unreachable', message),
    functions: true,
  },
});
