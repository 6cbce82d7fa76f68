import { type Finding, findingText } from '../finding.js';

/** A directory cannot be made into an artifact. The message names everything that is wrong. */
export class PackFault extends Error {
  override readonly name = 'PackFault';
  constructor(
    message: string,
    readonly findings: readonly Finding[] = [],
    options?: ErrorOptions,
  ) {
    super([message, ...findings.map((finding) => findingText(finding))].join('\n'), options);
  }
}
