import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { componentFaults, type DesiredComponent, TargetFault } from '../../../core/plugin/index.js';
import { readLooseYaml } from '../../../core/yaml/index.js';
import type { Login } from '../../shared/logins/index.js';
import type { ComposeCall, ComposeCli } from './compose-cli.js';
import { composeFaults } from './compose-file.js';
import type { DockerConfig } from './config.js';
import { composeComponent } from './declaration.js';
import { type ServiceModel, serviceModels } from './service-model.js';

/** Most bytes of a compose.yaml: far above any that a person wrote. */
const largestFile = 1024 * 1024;

export interface Check {
  readonly compose: ComposeCli;
  readonly config: DockerConfig;
  readonly logins: readonly Login[];
  readonly project: string;
  /** Of `compose.yaml`. */
  readonly directory: string;
  /** What Compose is told of it. */
  readonly options: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Looks a component through, as it is written and as Compose understands it. Nothing is started.
 *
 * @returns its services
 * @throws TargetFault `invalid` with every fault
 */
export async function checkedServices(component: DesiredComponent, check: Check): Promise<ServiceModel[]> {
  const { compose, config, logins, project, directory, options, signal } = check;
  const written = await read(join(directory, 'compose.yaml'));
  refuse(component, [
    ...written.faults,
    ...componentFaults(component, composeComponent),
    ...(written.faults.length > 0 ? [] : composeFaults(written.document, config.allow)),
  ]);
  const resolved = await resolve(compose, component, options, { signal, directory, logins });
  refuse(component, composeFaults(resolved, config.allow, { project, directory }));
  return serviceModels(resolved);
}

async function read(file: string): Promise<{ readonly document: unknown; readonly faults: readonly string[] }> {
  const bytes = await readFile(file);
  if (bytes.length > largestFile) return { document: undefined, faults: [`compose.yaml: over ${largestFile} bytes`] };
  // Compose takes the merge key, which YAML 1.2 has not.
  const { value, fault } = readLooseYaml(bytes.toString());
  return { document: value, faults: fault ? [`compose.yaml: ${fault.message.split('\n', 1)[0]}`] : [] };
}

async function resolve(
  compose: ComposeCli,
  component: DesiredComponent,
  options: readonly string[],
  call: ComposeCall,
): Promise<unknown> {
  try {
    return JSON.parse(await compose.run([...options, 'config', '--format', 'json'], call));
  } catch (error) {
    // `config` reads files and starts nothing: it fails because of what they say.
    if (error instanceof TargetFault && error.code === 'start') refuse(component, [error.message]);
    throw error;
  }
}

function refuse(component: DesiredComponent, faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw new TargetFault('invalid', `component ${component.name} is refused:\n${faults.join('\n')}`, false);
}
