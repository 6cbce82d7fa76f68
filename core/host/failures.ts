import type { PhaseFailure, Skipped } from './lifecycle.js';

export interface ProvisionFailure {
  readonly entry: string;
  readonly type: string;
  readonly error: Error;
}

export interface StartUpFailures {
  readonly provision?: readonly ProvisionFailure[];
  readonly start?: readonly PhaseFailure[];
  readonly skipped?: readonly Skipped[];
}

/** A host that did not come up: every failure in one report. What had been started is stopped again. */
export class StartUpError extends Error {
  override readonly name = 'StartUpError';
  constructor(
    readonly profile: string,
    readonly failures: StartUpFailures,
  ) {
    super(text(profile, failures));
  }
}

function text(profile: string, { provision = [], start = [], skipped = [] }: StartUpFailures): string {
  const count = provision.length + start.length;
  return [
    `${profile} could not start: ${count} ${count === 1 ? 'entry' : 'entries'} failed; everything is stopped again`,
    ...provision.map(({ entry, type, error }) => `  ${entry} (${type}): ${error.message}`),
    ...start.map(({ entry, error }) => `  ${entry}: ${error.message}`),
    ...skipped.map(({ entry, because }) => `  ${entry}: not started, it needs ${because.join(', ')}`),
  ].join('\n');
}
