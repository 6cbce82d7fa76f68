import {
  type ActualApplication,
  type ActualComponent,
  type ComponentCapability,
  componentDigest,
  componentFaults,
  type DesiredApplication,
  type DesiredComponent,
  type TargetCapabilities,
} from '../../core/ports/index.js';
import type { Step } from './index.js';

/** A target and what it has of one application now. */
export interface Observed {
  readonly target: string;
  readonly capabilities: TargetCapabilities;
  readonly actual: ActualApplication | undefined;
}

export type Plan =
  | {
      readonly kind: 'steps';
      readonly steps: readonly Step[];
      /** Components that were applied and are on their way up by themselves: nobody waits for them. */
      readonly starting: readonly string[];
    }
  /**
   * Components that would be applied are not as their target declares them, or several targets could run them; what runs
   * of the application is let be.
   */
  | { readonly kind: 'invalid'; readonly steps: readonly []; readonly reason: string }
  /** No target of this device runs such deployments; what other targets still have of it is removed all the same. */
  | { readonly kind: 'unsupported'; readonly steps: readonly Step[]; readonly reason: string };

/**
 * What to do so that one application becomes as desired. Pure: the same input gives the same plan, and the plan for
 * what is already as desired is empty.
 *
 * @param desired `undefined` when the application shall not be here
 * @param observed every target, each with what it has of the application
 */
export function plan(desired: DesiredApplication | undefined, observed: readonly Observed[]): Plan {
  const [home, ...rivals] = desired ? homesOf(desired, observed) : [];
  if (desired && home && rivals.length > 0) {
    // Two targets may lead to the same platform: each would take away what the other has brought.
    const names = [home, ...rivals].map(({ target }) => target);
    return { kind: 'invalid', steps: [], reason: ambiguity(desired.deploymentType, names) };
  }
  const leaving = observed
    .filter(({ target }) => target !== home?.target)
    .flatMap(({ target, actual }) =>
      removals(target, actual, desired ? `${desired.deploymentType} runs elsewhere` : 'no longer desired'),
    );
  if (!desired) return { kind: 'steps', steps: leaving, starting: [] };
  if (!home) {
    const types = observed.flatMap(({ capabilities }) => capabilities.components.map((type) => type.deploymentType));
    const reason = `this device runs ${types.join(', ') || 'nothing'}, not ${desired.deploymentType}`;
    return { kind: 'unsupported', steps: leaving, reason };
  }
  const wanted = new Set(desired.components.map(({ name }) => name));
  const dropped = removals(home.target, home.actual, 'no longer part of the application', (name) => !wanted.has(name));
  const steps = desired.components.map((component) => ({ component, step: stepFor(component, home) }));
  const faults = steps.flatMap(({ component, step }) =>
    step.length === 0
      ? []
      : componentFaults(component, home.type).map((fault) => `component ${component.name}: ${fault}`),
  );
  if (faults.length > 0) return { kind: 'invalid', steps: [], reason: faults.join('; ') };
  return {
    kind: 'steps',
    steps: [...leaving, ...dropped, ...steps.flatMap(({ step }) => (step === 'starting' ? [] : step))],
    starting: steps.flatMap(({ component, step }) => (step === 'starting' ? [component.name] : [])),
  };
}

/** The target that runs an application, and what it declares of such components. */
interface Home extends Observed {
  readonly type: ComponentCapability;
}

function homesOf({ deploymentType }: DesiredApplication, observed: readonly Observed[]): readonly Home[] {
  return observed.flatMap((each) => {
    const type = each.capabilities.components.find((declared) => declared.deploymentType === deploymentType);
    return type ? [{ ...each, type }] : [];
  });
}

/** What is wrong with targets that run the same, a sentence for each deployment type that several claim. */
export function ambiguities(capabilities: ReadonlyMap<string, TargetCapabilities>): readonly string[] {
  const claims = new Map<string, string[]>();
  for (const [target, { components }] of capabilities)
    for (const { deploymentType } of components)
      claims.set(deploymentType, [...(claims.get(deploymentType) ?? []), target]);
  return [...claims].flatMap(([type, targets]) => (targets.length > 1 ? [ambiguity(type, targets)] : []));
}

function ambiguity(deploymentType: string, targets: readonly string[]): string {
  return `several targets of this profile run ${deploymentType} (${targets.join(', ')}), and none of it is touched: leave all but one out`;
}

function stepFor(desired: DesiredComponent, { target, type, actual }: Home): Step[] | 'starting' {
  const found = actual?.components.find(({ name }) => name === desired.name);
  const step = (kind: Step['kind'], reason: string): Step[] => [{ kind, component: desired.name, target, reason }];
  if (!found || found.phase === 'absent') return step('install', 'not there yet');
  if (found.applied !== componentDigest(desired, type.changes))
    return step('update', `its definition changed; now revision ${desired.revision}`);
  switch (found.phase) {
    case 'running':
      return [];
    case 'installing':
      return desired.wait ? step('install', found.reason ?? 'not running yet') : 'starting';
    case 'stopped':
    case 'failed':
      return step('repair', found.reason ?? `it is ${found.phase}`);
  }
}

/** In reverse order, so that what depends on others goes first. */
function removals(
  target: string,
  actual: ActualApplication | undefined,
  reason: string,
  which: (name: string) => boolean = () => true,
): Step[] {
  return (actual?.components ?? [])
    .filter(({ name, phase }: ActualComponent) => phase !== 'absent' && which(name))
    .map(({ name }): Step => ({ kind: 'remove', component: name, target, reason }))
    .reverse();
}
