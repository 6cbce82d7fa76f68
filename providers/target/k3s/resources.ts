import { TargetFault, z } from '../../../core/plugin/index.js';
import { hasStatus } from './api-fault.js';
import type { ObjectKey, ResourceType } from './kubernetes.js';

const resourceList = z.object({
  resources: z.array(
    z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()).default([]) }),
  ),
});
const groupList = z.object({ groups: z.array(z.object({ preferredVersion: z.object({ groupVersion: z.string() }) })) });

type Kind = Pick<ObjectKey, 'apiVersion' | 'kind'>;

/** Under which paths the cluster serves which kinds, asked once for each group; anew where a kind is not known yet. */
export class Resources {
  readonly #groups = new Map<string, ReadonlyMap<string, ResourceType>>();

  constructor(private readonly fetch: (path: string, signal: AbortSignal | undefined) => Promise<unknown>) {}

  /** @throws TargetFault when there is no such kind; a later CustomResourceDefinition may bring it */
  async find(of: Kind, signal?: AbortSignal): Promise<ResourceType> {
    const found = await this.#look(of, signal);
    if (found !== undefined) return found;
    const what = `this cluster has no kind ${of.kind} of ${of.apiVersion}; is its CustomResourceDefinition there?`;
    throw new TargetFault('platform', what, true);
  }

  async has(of: Kind, signal?: AbortSignal): Promise<boolean> {
    return (await this.#look(of, signal)) !== undefined;
  }

  /** Every kind that objects are made of, lie in a namespace and can be listed, in the version that the cluster prefers. */
  async namespaced(signal?: AbortSignal): Promise<readonly ResourceType[]> {
    const { groups } = groupList.parse(await this.fetch('/apis', signal));
    const versions = ['v1', ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
    const all = await Promise.all(versions.map((version) => this.#ask(version, signal)));
    return all.flatMap((kinds) => [...kinds.values()]).filter(({ namespaced, stored }) => namespaced && stored);
  }

  async #look({ apiVersion, kind }: Kind, signal: AbortSignal | undefined): Promise<ResourceType | undefined> {
    return this.#groups.get(apiVersion)?.get(kind) ?? (await this.#ask(apiVersion, signal)).get(kind);
  }

  async #ask(apiVersion: string, signal: AbortSignal | undefined): Promise<ReadonlyMap<string, ResourceType>> {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      const { resources } = resourceList.parse(await this.fetch(path, signal));
      const known = new Map(
        resources
          // `deployments/scale` is a part of an object, not a kind of it.
          .filter(({ name }) => !name.includes('/'))
          .map(({ name, kind, namespaced, verbs }) => {
            const stored = ['list', 'create', 'delete'].every((verb) => verbs.includes(verb));
            return [kind, { apiVersion, kind, resource: name, namespaced, stored }] as const;
          }),
      );
      this.#groups.set(apiVersion, known);
      return known;
    } catch (error) {
      if (hasStatus(error, 404)) return new Map();
      throw error;
    }
  }
}
