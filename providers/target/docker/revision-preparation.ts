import type { ApplyCall, ArtifactRegistry, DesiredApplication, DesiredComponent } from '../../../core/plugin/index.js';
import type { Login } from '../../shared/logins/index.js';
import { componentFiles } from './component-files.js';
import type { ComposeCli } from './compose-cli.js';
import { checkedServices } from './compose-project.js';
import type { DockerConfig } from './config.js';
import type { Engine } from './engine.js';
import { type ImageSource, pinnedImages } from './images.js';
import { environmentFile, overrideFile } from './override.js';
import type { Revision, Revisions } from './revision.js';
import type { ServiceModel } from './service-model.js';

export interface Preparation {
  readonly engine: Engine;
  readonly compose: ComposeCli;
  readonly registry: ArtifactRegistry;
  readonly config: DockerConfig;
  readonly logins: readonly Login[];
  readonly project: string;
  /** The project's folder. */
  readonly home: string;
  readonly revisions: Revisions;
  readonly pulled: ImageSource['pulled'];
  readonly call: ApplyCall;
}

/**
 * Has everything of a component here, and looked through, so that its start needs nothing more than the engine. What runs
 * is left as it is.
 *
 * @throws TargetFault `artifact` or `invalid`
 */
export async function preparedRevision(
  application: DesiredApplication,
  component: DesiredComponent,
  applied: string,
  on: Preparation,
): Promise<{ readonly next: Revision; readonly services: readonly ServiceModel[] }> {
  const { engine, compose, registry, config, logins, project, home, revisions, pulled, call } = on;
  const directory = await componentFiles(registry, component, home, config.archiveBytes, call);
  await revisions.writeParameters(applied, environmentFile(component.parameters));
  const options = await revisions.draftOptions(applied, directory);
  const check = { compose, config, logins, project, directory, options, signal: call.signal };
  const services = await checkedServices(component, check);
  const known = (await revisions.read(applied))?.images ?? {};
  const images = await pinnedImages(services, known, { engine, logins, pulled }, call);
  const override = overrideFile(application, component, applied, services, images, config);
  const { revision } = component;
  return { next: await revisions.write({ applied, revision, directory, images }, override), services };
}
