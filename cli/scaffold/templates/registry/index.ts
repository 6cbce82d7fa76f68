import { type ArtifactReference, ArtifactRegistry, defineProvider, z } from 'tutti/plugin';

type Place = Pick<ArtifactReference, 'registry' | 'repository'>;

/**
 * What a registry promises is written at `ArtifactRegistry`. This one stands before another entry, which knows how to
 * speak with registries, and says where things really are: a mirror for machines that reach one address only.
 */
export default defineProvider({
  port: ArtifactRegistry,
  type: 'registry.my-registry',
  version: '0.1.0',
  summary: 'What it does, in one line',
  config: z.strictObject({
    from: z.string().min(1).default('registry.example').describe('Host and port of the registry that is mirrored'),
    to: z.string().min(1).default('localhost:5000').describe('Host and port of its mirror'),
  }),
  // Another entry of the profile. In place of it, your own code may speak with your registry.
  uses: { behind: ArtifactRegistry },
  // Makes, and does nothing yet: what may fail or takes time belongs into `start() {}`.
  create: ({ config: { from, to }, uses: { behind } }) => {
    const moved = <P extends Place>(place: P): P => (place.registry === from ? { ...place, registry: to } : place);
    return {
      resolve: async (reference, call) => ({ ...(await behind.resolve(moved(reference), call)), reference }),
      pull: (at, blob, call) => behind.pull(moved(at), blob, call),
      fetch: (at, blob, limit, call) => behind.fetch(moved(at), blob, limit, call),
      tags: (at, call) => behind.tags(moved(at), call),
      push: (reference, artifact, call) => behind.push(moved(reference), artifact, call),
    } satisfies ArtifactRegistry;
  },
});
