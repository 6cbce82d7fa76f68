import type { ArtifactReference, RegistryCall, ScanReport } from '../../../core/ports/index.js';
import { scanReport } from '../../shared/harbor/documents.js';
import type { HarborApi } from '../../shared/harbor/index.js';
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
}
