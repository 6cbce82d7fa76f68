import {
  type ArtifactReference,
  ArtifactRegistry,
  type ArtifactToPush,
  type Descriptor,
  defineProvider,
  type Logger,
  type RegistryCall,
  RegistryFault,
  type ResolvedArtifact,
} from '../../../core/plugin/index.js';
import { type MakeSubject, type RegistryUnderTest, registrySubjects } from '../../../core/testing/index.js';
import registryOci from '../../../providers/registry/oci/index.js';
import { ociConfig } from '../../../providers/shared/oci/index.js';

type Place = Pick<ArtifactReference, 'registry' | 'repository'>;

/** A client that works, for mutants to break in one place. */
export class RegistryMutant implements ArtifactRegistry {
  constructor(
    protected readonly inner: ArtifactRegistry,
    protected readonly log: Logger,
  ) {}

  resolve(reference: ArtifactReference, call?: RegistryCall): Promise<ResolvedArtifact> {
    return this.inner.resolve(reference, call);
  }
  pull(at: Place, blob: Descriptor, call?: RegistryCall): AsyncIterable<Uint8Array> {
    return this.inner.pull(at, blob, call);
  }
  fetch(at: Place, blob: Descriptor, limit: number, call?: RegistryCall): Promise<Uint8Array> {
    return this.inner.fetch(at, blob, limit, call);
  }
  tags(at: Place, call?: RegistryCall): Promise<readonly string[]> {
    return this.inner.tags(at, call);
  }
  push(to: ArtifactReference, artifact: ArtifactToPush, call?: RegistryCall): Promise<Descriptor> {
    return this.inner.push(to, artifact, call);
  }
  async referrers(of: ArtifactReference, type: string, call?: RegistryCall): Promise<readonly Descriptor[]> {
    return (await this.inner.referrers?.(of, type, call)) ?? [];
  }
}

const urlOf = ({ registry, repository }: Place, { digest }: Descriptor): string =>
  `http://${registry}/v2/${repository}/blobs/${digest}`;

const basic = ({ credentials }: RegistryCall): Record<string, string> => {
  const { username, password } = credentials ?? { username: '', password: '' };
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
};

/** Takes what comes, if only it is as long as it should be. */
export class SkipsDigests extends RegistryMutant {
  override async fetch(at: Place, blob: Descriptor, limit: number, call?: RegistryCall): Promise<Uint8Array> {
    const loose = async (): Promise<Uint8Array> => {
      const answer = await fetch(urlOf(at, blob));
      return new Uint8Array(await answer.arrayBuffer());
    };
    return this.inner.fetch(at, blob, limit, call).catch(async (error: unknown) => {
      const bytes = error instanceof RegistryFault && error.reason === 'corrupt' ? await loose() : undefined;
      if (bytes?.byteLength === blob.size) return bytes;
      throw error;
    });
  }
}

/** Hands a stream on, and forgets how it ended. */
export class EndsCorruptStreams extends RegistryMutant {
  override async *pull(at: Place, blob: Descriptor, call?: RegistryCall): AsyncGenerator<Uint8Array> {
    try {
      yield* this.inner.pull(at, blob, call);
    } catch (error) {
      if (!(error instanceof RegistryFault) || error.reason !== 'corrupt') throw error;
    }
  }
}

/** Takes its credentials along wherever it is sent. */
export class LeaksCredentials extends RegistryMutant {
  override async fetch(at: Place, blob: Descriptor, limit: number, call: RegistryCall = {}): Promise<Uint8Array> {
    const answer = await fetch(urlOf(at, blob), { redirect: 'manual', headers: basic(call) });
    const location = answer.headers.get('location');
    if (location !== null) await fetch(location, { headers: basic(call) });
    return this.inner.fetch(at, blob, limit, call);
  }
}

/** Sends everything, whatever is there. */
export class SendsAgain extends RegistryMutant {
  override async push(to: ArtifactReference, artifact: ArtifactToPush, call?: RegistryCall): Promise<Descriptor> {
    const descriptor = await this.inner.push(to, artifact, call);
    const { manifest } = await this.inner.resolve({ ...to, digest: descriptor.digest }, call);
    const uploads = `http://${to.registry}/v2/${to.repository}/blobs/uploads/`;
    for (const [number, { digest }] of manifest.layers.entries()) {
      const body = Buffer.from(artifact.layers[number]?.bytes ?? []);
      await fetch(`${uploads}?digest=${digest}`, { method: 'POST', body });
    }
    return descriptor;
  }
}

/** Has nothing where there was an error. */
export class SwallowsErrors extends RegistryMutant {
  override async resolve(reference: ArtifactReference, call?: RegistryCall): Promise<ResolvedArtifact> {
    return this.inner.resolve(reference, call).catch(() => undefined as never);
  }
}

/** Reads first, and looks at the limit then. */
export class ReadsPastTheLimit extends RegistryMutant {
  override async fetch(at: Place, blob: Descriptor, limit: number, call?: RegistryCall): Promise<Uint8Array> {
    const bytes = await this.inner.fetch(at, blob, Number.POSITIVE_INFINITY, call);
    if (bytes.byteLength > limit) throw new RegistryFault('refused', 'it is more than is taken here');
    return bytes;
  }
}

/** Lets the errors of its platform through. */
export class ThrowsWhatItGets extends RegistryMutant {
  override async tags(at: Place, call?: RegistryCall): Promise<readonly string[]> {
    return this.inner.tags(at, call).catch((error: Error) => {
      throw error instanceof RegistryFault ? (error.cause ?? error) : error;
    });
  }
}

/** Believes the tag. */
export class PrefersTags extends RegistryMutant {
  override resolve({ digest, ...reference }: ArtifactReference, call?: RegistryCall): Promise<ResolvedArtifact> {
    return this.inner.resolve({ ...reference, ...(reference.tag === undefined && digest && { digest }) }, call);
  }
}

/** Asks for the first page of tags alone. */
export class ReadsOnePage extends RegistryMutant {
  override async tags(at: Place, call?: RegistryCall): Promise<readonly string[]> {
    const all = await this.inner.tags(at, call);
    const answer = await fetch(`http://${at.registry}/v2/${at.repository}/tags/list`);
    return answer.ok ? ((await answer.json()) as { readonly tags: string[] }).tags : all;
  }
}

/** Takes all that a registry lists for what it asked for. */
export class BelievesFilters extends RegistryMutant {
  override async referrers(of: ArtifactReference, type: string, call?: RegistryCall): Promise<readonly Descriptor[]> {
    const own = await this.inner.referrers?.(of, type, call);
    const answer = await fetch(`http://${of.registry}/v2/${of.repository}/referrers/${of.digest}?artifactType=${type}`);
    return answer.ok ? ((await answer.json()) as { readonly manifests: Descriptor[] }).manifests : (own ?? []);
  }
}

/** Knows the API alone. */
export class KnowsNoFallback extends RegistryMutant {
  override async referrers(of: ArtifactReference, type: string, call?: RegistryCall): Promise<readonly Descriptor[]> {
    const answer = await fetch(`http://${of.registry}/v2/${of.repository}/referrers/${of.digest}`);
    return answer.status === 404 ? [] : super.referrers(of, type, call);
  }
}

/** Reports what it expects, before it has it. */
export class PromisesProgress extends RegistryMutant {
  override pull(at: Place, blob: Descriptor, call: RegistryCall = {}): AsyncIterable<Uint8Array> {
    call.progress?.(blob.size, blob.size);
    return this.inner.pull(at, blob, call);
  }
}

/** Goes on whoever has gone. */
export class IgnoresAborts extends RegistryMutant {
  override resolve(reference: ArtifactReference, { signal: _, ...call }: RegistryCall = {}): Promise<ResolvedArtifact> {
    return this.inner.resolve(reference, call);
  }
}

/** Remembers who was there before. */
export class KeepsCredentials extends RegistryMutant {
  #last: RegistryCall['credentials'];
  override tags(at: Place, call: RegistryCall = {}): Promise<readonly string[]> {
    this.#last = call.credentials ?? this.#last;
    return this.inner.tags(at, { ...call, ...(this.#last && { credentials: this.#last }) });
  }
}

/** Writes down who asks. */
export class LogsCredentials extends RegistryMutant {
  override push(to: ArtifactReference, artifact: ArtifactToPush, call: RegistryCall = {}): Promise<Descriptor> {
    this.log.debug('push', { credentials: call.credentials });
    return this.inner.push(to, artifact, call);
  }
}

export function subjects(
  mutant: new (inner: ArtifactRegistry, log: Logger) => RegistryMutant,
): MakeSubject<RegistryUnderTest> {
  const definition = defineProvider({
    port: ArtifactRegistry,
    type: 'registry.mutant',
    version: '1.0.0',
    config: ociConfig,
    create: (context) => new mutant(registryOci.create(context as never) as ArtifactRegistry, context.log),
  });
  return registrySubjects(definition, {
    config: ({ url, credentials, impatient }) => ({
      registries: [{ url, ...credentials }],
      ...(impatient && { timeouts: { answer: 0.3, idle: 0.3 } }),
    }),
  });
}
