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

/** The one component of a kit's application. */
export function only(application: DesiredApplication): DesiredComponent {
  const [component] = application.components;
  if (!component) throw new KitFailure('the application of a kit', 'one component', 'none');
  return component;
}

export function apply(trial: TargetTrial, application: DesiredApplication): Promise<void> {
  return trial.within('apply', trial.instance.apply(application, only(application).name, call()));
}

export function remove(trial: TargetTrial, application: DesiredApplication, purge = true): Promise<void> {
  return trial.within('remove', trial.instance.remove(application, only(application).name, purge, call()));
}

/** What the target says of an application's component. */
export async function actual(
  trial: TargetTrial,
  application: DesiredApplication,
): Promise<ActualComponent | undefined> {
  const all = await trial.instance.actual();
  const found = all.find(({ id }) => id === application.id);
  return found?.components.find(({ name }) => name === only(application).name);
}

/** Checks that the target says what the platform shows: exactly one copy, of this version. */
export async function runs(trial: TargetTrial, application: DesiredApplication, version: string): Promise<void> {
  const { platform } = trial.instance;
  const component = only(application);
  const seen = await actual(trial, application);
  trial.equal(`the phase of ${application.id}`, seen?.phase, 'running');
  const { components } = await trial.instance.describe();
  const type = components.find(({ deploymentType }) => deploymentType === application.deploymentType);
  if (!type) throw new KitFailure('describe', application.deploymentType, components.map(typeOf).join() || 'nothing');
  trial.equal('the digest of what was applied', seen?.applied, componentDigest(component, type.changes));
  trial.equal('the copies that run', await platform.running(application.id, component.name), [version]);
}

const typeOf = ({ deploymentType }: ComponentCapability): string => deploymentType;

/** Waits for a condition that nothing announces. */
export function eventually(trial: TargetTrial, what: string, test: () => Promise<boolean>): Promise<void> {
  const look = async (): Promise<void> => {
    while (!(await test())) await setTimeout(10);
  };
  return trial.within(what, look());
}
