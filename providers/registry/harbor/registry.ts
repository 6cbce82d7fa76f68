import type { ArtifactReference, ListedArtifact, RegistryCall, ScanReport } from '../../../core/ports/index.js';
import { type HarborApi, scanReport } from '../../shared/harbor/index.js';
import { OciRegistry } from '../../shared/oci/index.js';

/** OCI Distribution, and what Harbor's own API says beside it. */
export class HarborRegistry extends OciRegistry {
  constructor(
    private readonly api: HarborApi,
    /** Whether a registry is the Harbor: others may be listed beside it. */
    private readonly isHarbor: (registry: string) => boolean,
    ...parts: ConstructorParameters<typeof OciRegistry>
  ) {
    super(...parts);
  }

  async scan(
    { registry, repository, tag, digest }: ArtifactReference,
    call: RegistryCall = {},
  ): Promise<ScanReport | undefined> {
    const reference = digest ?? tag;
    if (reference === undefined || !this.isHarbor(registry)) return undefined;
    return scanReport(await this.api.artifact(repository, reference, call));
  }

  override async *repositories(
    registry: string,
    from: number,
    call: RegistryCall = {},
  ): AsyncGenerator<string, void, undefined> {
    if (!this.isHarbor(registry)) return yield* super.repositories(registry, from, call);
    let place = 0;
    for await (const { name: project, repo_count: count } of this.api.projects(call)) {
      if (count !== undefined && place + count <= from) {
        place += count;
        continue;
      }
      for await (const { name } of this.api.repositories(project, call)) if (place++ >= from) yield name;
    }
  }

  override async *artifacts(
    at: Pick<ArtifactReference, 'registry' | 'repository'>,
    from: number,
    call: RegistryCall = {},
  ): AsyncGenerator<ListedArtifact, void, undefined> {
    if (!this.isHarbor(at.registry)) return yield* super.artifacts(at, from, call);
    for await (const found of this.api.artifacts(at.repository, call, from)) {
      const { digest, tags, size } = found;
      const scan = scanReport(found);
      const names = tags?.map(({ name }) => name) ?? [];
      yield { digest, tags: names, ...(size !== undefined && { size }), ...(scan && { scan }) };
    }
  }
}
