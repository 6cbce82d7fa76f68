import { FleetManagerFault, type StatusReport } from '../../ports/index.js';
import { KitFailure, type Trial } from '../trial.js';
import type { FleetContent, WfmUnderTest } from './side.js';

export type WfmTrial = Trial<WfmUnderTest>;

export const never = (): AbortSignal => new AbortController().signal;

/** An enrolled device, and what it shall run. */
export interface Enrolled {
  readonly id: string;
  readonly content: FleetContent;
}

export async function enrolled(trial: WfmTrial): Promise<Enrolled> {
  const id = await trial.within('enroll', trial.instance.enroll(never()));
  const content = await trial.within('a change of what it shall run', trial.instance.side.change(id));
  return { id, content };
}

export function report(deploymentId: string, state: StatusReport['state'] = 'installed'): StatusReport {
  return { deploymentId, state, components: [{ name: 'main', state }] };
}

/** Every kind of call, each as one. */
export const calls: Readonly<Record<string, (trial: WfmTrial, of: Enrolled, signal: AbortSignal) => Promise<unknown>>> =
  {
    enroll: ({ instance }, _, signal) => instance.enroll(signal),
    reportCapabilities: ({ instance }, { id }, signal) =>
      instance.reportCapabilities(id, instance.capabilitiesOf(1), signal),
    manifest: ({ instance }, { id }, signal) => instance.manifest(id, undefined, signal),
    bundle: ({ instance }, { id, content }, signal) => instance.bundle(id, content.bundle.digest, 1_000_000, signal),
    deployment: ({ instance }, { id, content: { deployment } }, signal) =>
      instance.deployment(id, deployment.id, deployment.digest, 1_000_000, signal),
    reportStatus: ({ instance }, { id, content }, signal) =>
      instance.reportStatus(id, report(content.deployment.id), signal),
  };

/** Expects a fault of the port, of one of these reasons. @returns it */
export async function refused(
  trial: WfmTrial,
  what: string,
  work: Promise<unknown>,
  ...reasons: FleetManagerFault['reason'][]
): Promise<FleetManagerFault> {
  const error = await trial.rejects(what, work);
  if (error instanceof FleetManagerFault && (reasons.length === 0 || reasons.includes(error.reason))) return error;
  throw new KitFailure(`the rejection of ${what}`, `FleetManagerFault ${reasons.join(' or ')}`.trim(), told(error));
}

function told(error: Error): string {
  return error instanceof FleetManagerFault ? `FleetManagerFault ${error.reason}: ${error.message}` : String(error);
}

export function same(trial: WfmTrial, what: string, found: Uint8Array | undefined, expected: Uint8Array): void {
  const right = found !== undefined && Buffer.from(expected).equals(found);
  const text = (bytes: Uint8Array): string => JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, 200));
  trial.holds(what, right, text(expected), found && text(found));
}
