import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../core/host/clock.js';
import { type ArtifactRegistry, artifactAt, type Descriptor } from '../../core/ports/index.js';
import { testContext } from '../../core/testing/context.js';
import { packApplication, packComponent } from '../../managers/margo/index.js';
import { registryOci } from '../../providers/registry/oci/index.js';

/** A registry to push to. */
export interface Destination {
  /** `host:port`. */
  readonly host: string;
  readonly ca: string;
  readonly token: string;
}

export type Files = Readonly<Record<string, string>>;

export async function pushComponent(
  to: Destination,
  repository: string,
  version: string,
  type: 'process' | 'compose',
  files: Files,
): Promise<Descriptor> {
  return inDirectory(files, async (directory) => {
    const { artifact, tag } = await packComponent(directory, { type, version });
    return withRegistry(to, (registry) => registry.push(artifactAt(`oci://${to.host}/${repository}`, tag), artifact));
  });
}

export async function pushPackage(to: Destination, repository: string, margo: string): Promise<Descriptor> {
  return inDirectory({ 'margo.yaml': margo }, async (directory) => {
    const { artifact, tag } = await packApplication(directory);
    return withRegistry(to, (registry) => registry.push(artifactAt(`oci://${to.host}/${repository}`, tag), artifact));
  });
}

export async function withRegistry<T>(
  { host, ca, token }: Destination,
  work: (registry: ArtifactRegistry) => Promise<T>,
): Promise<T> {
  const context = await testContext<ArtifactRegistry>(registryOci, {
    clock: systemClock,
    config: { registries: [{ url: `https://${host}`, ca, username: 'anybody', password: token }] },
  });
  try {
    return await work(context.instance);
  } finally {
    await context.dispose();
  }
}

async function inDirectory<T>(files: Files, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'tutti-sample-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * A process component that notes each of its starts beside its data, runs until it is told to end, and is told its
 * version by its artifact and its greeting by a parameter. Its command line names its directory, so that it is found
 * and ended when a test could not.
 */
export function sleeper(version: string, health: 'healthy' | 'never healthy' = 'healthy'): Files {
  const check = health === 'healthy' ? 'test -s "$TUTTI_STATE_DIR/starts"' : 'exit 1';
  return {
    'component.yaml': [
      'command: [sh, run.sh]',
      `environment: { VERSION: "${version}" }`,
      'health: { command: [sh, check.sh], interval: 1s, retries: 1 }',
      'stop: { grace: 2s }',
      'restart: { backoff: { start: 100ms } }',
    ].join('\n'),
    'run.sh': 'echo "$VERSION $GREETING" >> "$TUTTI_STATE_DIR/starts"\nexec tail -f "$TUTTI_STATE_DIR/starts"\n',
    'check.sh': check,
  };
}

/** A package of components that lie beside it in the registry, all of the package's own version. */
export function margoYaml(
  host: string,
  options: {
    readonly id: string;
    readonly version: string;
    readonly type: 'custom' | 'compose';
    /** Name to repository. */
    readonly components: Readonly<Record<string, string>>;
    readonly timeout?: string;
  },
): string {
  const { id, version, type, components, timeout = '20s' } = options;
  return JSON.stringify({
    apiVersion: 'v1',
    id,
    metadata: {
      name: id,
      description: 'A sample',
      version,
      catalog: {
        application: {},
        author: [{ name: 'Ada' }],
        organization: [{ name: 'Acme', site: 'https://acme.test' }],
      },
    },
    deploymentProfiles: [
      {
        type,
        id: 'only',
        components: Object.entries(components).map(([name, repository]) => ({
          name,
          properties: { repository: `oci://${host}/${repository}`, revision: version, wait: true, timeout },
        })),
      },
    ],
    parameters: {
      greeting: { value: 'hello', targets: [{ pointer: 'GREETING', components: Object.keys(components) }] },
    },
    configuration: {
      sections: [{ name: 'General', settings: [{ parameter: 'greeting', name: 'Greeting', schema: 'text' }] }],
      schema: [{ name: 'text', dataType: 'string', allowEmpty: false }],
    },
  });
}
