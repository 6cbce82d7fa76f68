import { componentDigest } from 'tutti/plugin';
import { conformance, KitSkip } from 'tutti/testing';
import definition, { component } from './index.js';

/** A deployment of one component. */
const application = (id, version) => ({
  id,
  name: `greeting ${id}`,
  applicationId: 'greeting',
  deploymentType: component.deploymentType,
  components: [
    {
      name: 'main',
      repository: 'oci://samples.example/greeting',
      revision: '1.0.0',
      wait: true,
      timeout: 30_000,
      properties: {},
      parameters: { version },
    },
  ],
});

const lacks = (reason) => () => {
  throw new KitSkip(reason);
};

export default conformance({
  definition,
  target: {
    platform: (target) => {
      /** Versions by the digests of what has them. */
      const versions = new Map();
      return {
        application: (id, version) => {
          const made = application(id, version);
          versions.set(componentDigest(made.components[0], component.changes), version);
          return made;
        },
        missing: lacks('it fetches nothing that could be missing'),
        stuck: lacks('a greeting is over at once'),
        crash: lacks('what was greeted cannot crash'),
        starts: lacks('nobody counts the greetings'),
        // There is no other door: what was greeted is known to the target alone.
        running: async (id, name) =>
          (await target.actual())
            .filter((actual) => actual.id === id)
            .flatMap(({ components }) => components.filter((component) => component.name === name))
            .map(({ applied }) => versions.get(applied) ?? 'another'),
        leftovers: async () => (await target.actual()).map(({ id }) => id),
      };
    },
  },
  expectedFailures: [
    { case: 'workloads run on while the agent is away', because: 'what was greeted is forgotten when the host stops' },
  ],
});
