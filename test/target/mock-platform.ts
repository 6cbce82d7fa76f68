import type { TargetProvider } from '../../core/ports/index.js';
import type { TargetPlatform } from '../../core/testing/index.js';
import { MockTarget } from '../../providers/target/mock/index.js';
import { sampleApplication, samples } from './process-samples.js';

/** Of a mock whose samples behave as the kit of targets wants them to. */
export const mockSampleConfig = {
  latency: 20,
  persistent: true,
  missing: [`${samples}/nowhere`],
  failing: [`${samples}/failing`],
  stuck: [`${samples}/stuck`],
};

/** The pretended machine, which lives in the target. */
export function mockPlatform(instance: TargetProvider): TargetPlatform {
  if (!(instance instanceof MockTarget)) throw new Error('a mock was expected');
  const { machine } = instance;
  return {
    application: (id, version) => sampleApplication(id, 'sleeper', { VERSION: version }),
    missing: (id) => sampleApplication(id, 'nowhere'),
    failing: (id) => sampleApplication(id, 'failing'),
    stuck: (id) => sampleApplication(id, 'stuck', {}, { timeout: 3_600_000 }),
    running: async (id, component) => {
      const workload = machine.get(id, component);
      return workload?.phase === 'running' ? [String(workload.desired.parameters['VERSION'])] : [];
    },
    starts: async (id, component) => machine.get(id, component)?.starts ?? 0,
    crash: (id, component) => instance.crash(id, component),
    leftovers: async () => machine.all().map(({ application }) => application.id),
  };
}
