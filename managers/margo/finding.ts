/** One thing that is wrong with a document, fit to be shown to the person who wrote it. */
export interface Finding {
  /** Where in the document, as a person would say it: `deploymentProfiles[0].components[1].name`. Empty: all of it. */
  readonly path: string;
  /** 1-based; absent when the finding is about something that has no text (a missing file, a layer). */
  readonly line?: number;
  /** 1-based; absent like `line`. */
  readonly column?: number;
  /** What is wrong and what was expected, in one sentence. */
  readonly message: string;
  /** Stable and fit for programs: `missing`, `wrong-type`, `unknown-key`, ... */
  readonly code: string;
}

/** `margo.yaml:12:5 deploymentProfiles[0].id: is missing` */
export function findingText(finding: Finding, file?: string): string {
  const position = [file, finding.line, finding.column].filter((part) => part !== undefined).join(':');
  const path = finding.path === '' ? '' : `${finding.path}: `;
  return position === '' ? `${path}${finding.message}` : `${position} ${path}${finding.message}`;
}
