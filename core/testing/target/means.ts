import { setTimeout } from 'node:timers/promises';
import type {
  ActualComponent,
  ApplyCall,
  ComponentCapability,
  DesiredApplication,
  DesiredComponent,
} from '../../ports/index.js';
import { componentDigest } from '../../ports/index.js';
import { KitFailure, type Trial } from '../trial.js';
import type { TargetUnderTest } from './platform.js';

export type TargetTrial = Trial<TargetUnderTest>;

export const call = (signal: AbortSignal = new AbortController().signal): ApplyCall => ({
  signal,
  progress: () => undefined,
});

/** The one component of an application as the platform makes it. */
export function only(application: DesiredApplication): DesiredComponent {
  const [component] = application.components;
  if (!component) throw new KitFailure('the application of a kit', 'one component', 'none');
  return component;
}

/** The same application with its component changed. */
export function changed(application: DesiredApplication, change: Partial<DesiredComponent>): DesiredApplication {
  return { ...application, components: [{ ...only(application), ...change }] };
}

/** The same application with its component under several names, its own first. */
export function several(application: DesiredApplication, ...more: readonly string[]): DesiredApplication {
  const component = only(application);
  return { ...application, components: [component, ...more.map((name) => ({ ...component, name }))] };
}

export function apply(
  trial: TargetTrial,
  application: DesiredApplication,
  component = only(application).name,
): Promise<void> {
  return trial.within('apply', trial.instance.apply(application, component, call()));
}

export function remove(
  trial: TargetTrial,
  application: DesiredApplication,
  purge = true,
  component = only(application).name,
): Promise<void> {
  return trial.within('remove', trial.instance.remove(application, component, purge, call()));
}

/** What the target says of an application's component. */
export async function actual(
  trial: TargetTrial,
  application: DesiredApplication,
  component = only(application).name,
): Promise<ActualComponent | undefined> {
  const all = await trial.instance.actual();
  const found = all.find(({ id }) => id === application.id);
  return found?.components.find(({ name }) => name === component);
}

/** The application's type of component, as the target describes it. */
export async function describedType(
  trial: TargetTrial,
  { deploymentType }: DesiredApplication,
): Promise<ComponentCapability> {
  const { components } = await trial.instance.describe();
  const type = components.find((each) => each.deploymentType === deploymentType);
  if (!type) throw new KitFailure('describe', deploymentType, components.map(typeOf).join() || 'nothing');
  return type;
}

/** Checks that the target says of a component that it runs as desired. */
export async function saysItRuns(
  trial: TargetTrial,
  application: DesiredApplication,
  name = only(application).name,
): Promise<void> {
  const seen = await actual(trial, application, name);
  trial.equal(`the phase of ${labelOf(application, name)}`, seen?.phase, 'running');
  const { changes } = await describedType(trial, application);
  const desired = application.components.find((component) => component.name === name);
  if (!desired) throw new KitFailure('the application of a kit', `a component ${name}`, 'none');
  trial.equal('the digest of what was applied', seen?.applied, componentDigest(desired, changes));
}

/** Checks that the target says what the platform shows: exactly one copy, of this version. */
export async function runs(
  trial: TargetTrial,
  application: DesiredApplication,
  version: string,
  component = only(application).name,
): Promise<void> {
  await saysItRuns(trial, application, component);
  const copies = await trial.instance.platform.running(application.id, component);
  trial.equal(`the copies that run of ${labelOf(application, component)}`, copies, [version]);
}

const labelOf = ({ id, components }: DesiredApplication, name: string): string =>
  components.length === 1 ? id : `${name} of ${id}`;

const typeOf = ({ deploymentType }: ComponentCapability): string => deploymentType;

/** Waits for a condition that nothing announces. */
export function eventually(trial: TargetTrial, what: string, test: () => Promise<boolean>): Promise<void> {
  const look = async (): Promise<void> => {
    while (!(await test())) await setTimeout(10);
  };
  return trial.within(what, look());
}
