import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  componentFaults,
  type DesiredApplication,
  type DesiredComponent,
  TargetFault,
} from '../../../core/plugin/index.js';
import { readLooseYaml } from '../../../core/yaml/index.js';
import type { ComposeCall, ComposeCli } from './compose-cli.js';
import { composeFaults } from './compose-file.js';
import { fields, text } from './compose-model.js';
import type { DockerConfig } from './config.js';
import type { Login } from './credentials.js';
import { composeComponent } from './declaration.js';
import { environmentFile, overrideFile } from './override.js';

/** Most bytes of a compose.yaml: far above any that a person wrote. */
const largestFile = 1024 * 1024;

/** A component that was looked through and may be started. */
export interface PreparedProject {
  /** Options that every compose call on it begins with. */
  readonly options: readonly string[];
  readonly directory: string;
  readonly images: readonly string[];
}

export interface Preparation {
  readonly compose: ComposeCli;
  readonly config: DockerConfig;
  readonly logins: readonly Login[];
  readonly project: string;
  /** The project's folder, below which the component's files lie. */
  readonly home: string;
  readonly signal: AbortSignal;
}

/**
 * Validates a component and writes what Compose needs beside its files. Nothing is started.
 * @throws TargetFault `invalid` with every fault
 */
export async function prepare(
  application: DesiredApplication,
  component: DesiredComponent,
  applied: string,
  directory: string,
  preparation: Preparation,
): Promise<PreparedProject> {
  const { compose, config, logins, project, home, signal } = preparation;
  const file = join(directory, 'compose.yaml');
  const written = await read(file);
  refuse(component, [
    ...written.faults,
    ...componentFaults(component, composeComponent),
    ...(written.faults.length > 0 ? [] : composeFaults(written.document, config.allow)),
  ]);

  const variables = join(home, 'parameters.env');
  await privately(variables, environmentFile(component.parameters));
  const own = (await readdir(directory)).includes('.env') ? ['--env-file', join(directory, '.env')] : [];
  const options = ['-p', project, '--project-directory', directory, ...own, '--env-file', variables, '-f', file];
  const resolved = fields(await resolve(compose, component, options, { signal, directory, logins }));
  refuse(component, composeFaults(resolved, config.allow, { project, directory }));

  const services = fields(resolved?.['services']) ?? {};
  const override = join(home, 'override.json');
  await privately(
    override,
    JSON.stringify(overrideFile(application, component, applied, Object.keys(services), config)),
  );
  const images = Object.values(services)
    .filter((service) => fields(service)?.['build'] === undefined)
    .map((service) => text(fields(service)?.['image']))
    .filter((image) => image !== undefined);
  return { options: [...options, '-f', override], directory, images: [...new Set(images)] };
}

/**
 * Deletes the files of earlier revisions, and what an agent that was killed had unpacked by half; the present ones stay,
 * so that a repair needs no network.
 */
export async function forgetOthers(home: string, directory: string): Promise<void> {
  const files = join(home, 'files');
  const kept = basename(join(directory, '..'));
  const others = (await readdir(files)).filter((name) => name !== kept);
  await Promise.all(others.map((name) => rm(join(files, name), { recursive: true, force: true })));
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

/** Parameters may be secrets. */
async function privately(file: string, content: string): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  await rm(file, { force: true });
  await writeFile(file, content, { mode: 0o600 });
}
