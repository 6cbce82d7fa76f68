import { packTarGz } from '../../core/archive/index.js';
import { artifactAt, type DesiredApplication, type Json } from '../../core/ports/index.js';
import { processArtifactType, processLayerType } from '../../providers/target/process/index.js';
import { MemoryRegistry } from './memory-registry.js';

/** Where the samples are. */
export const samples = 'oci://registry.test/samples';

/** Notes each start and then does nothing, in a shell, which starts quickly. */
const sleeper = {
  'component.yaml': 'command: [sh, run.sh]\nstop: { grace: 2s }\nrestart: { backoff: { start: 100ms } }\n',
  'run.sh': 'echo "$$" >> "$TUTTI_STATE_DIR/starts"\necho "version $VERSION"\nexec sleep 100000\n',
};

/** Runs, but never answers its health check. */
const stuck = {
  ...sleeper,
  'component.yaml': 'command: [sh, run.sh]\nhealth: { command: ["false"], startPeriod: 1h }\nstop: { grace: 2s }\n',
};

/** Ends with an error as soon as it is started. */
const failing = {
  'component.yaml': 'command: [sh, run.sh]\nstop: { grace: 2s }\nrestart: { backoff: { start: 100ms } }\n',
  'run.sh': 'echo "it cannot work like this" >&2\nexit 3\n',
};

export async function pushSample(
  registry: MemoryRegistry,
  repository: string,
  files: Readonly<Record<string, string>>,
  tag = '1.0.0',
): Promise<void> {
  const entries = Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text), executable: true }));
  const layers = [{ mediaType: processLayerType, bytes: await packTarGz(entries) }];
  await registry.push(artifactAt(`${samples}/${repository}`, tag), { artifactType: processArtifactType, layers });
}

/** A registry with the samples; the same bytes in every process. */
export async function sampleRegistry(): Promise<MemoryRegistry> {
  const registry = new MemoryRegistry();
  await pushSample(registry, 'sleeper', sleeper);
  await pushSample(registry, 'stuck', stuck);
  await pushSample(registry, 'failing', failing);
  return registry;
}

export function sampleApplication(
  id: string,
  repository: string,
  parameters: Readonly<Record<string, Json>> = {},
  more: { readonly revision?: string; readonly wait?: boolean; readonly timeout?: number } = {},
): DesiredApplication {
  return {
    id,
    name: `the ${id}`,
    applicationId: 'com-example-sample',
    deploymentType: 'custom',
    components: [
      {
        name: 'main',
        repository: `${samples}/${repository}`,
        revision: '1.0.0',
        wait: true,
        timeout: 10_000,
        properties: {},
        parameters,
        ...more,
      },
    ],
  };
}
