export interface Duration {
  readonly milliseconds: number;
  /** Whether it was written as the standard wants it: `^\d+m\d+s$`. */
  readonly standard: boolean;
}

/** Reads `5m0s` and the tolerated `5m`, `30s`, `1h`, `1h30m`, `90` (seconds); `undefined` when it is none. */
export function readDuration(text: string): Duration | undefined {
  const match = /^\s*(?:(\d{1,6})h)?\s*(?:(\d{1,6})m)?\s*(?:(\d{1,9})s?)?\s*$/.exec(text);
  if (!match || text.trim() === '') return undefined;
  const [hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  const milliseconds = ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000;
  return { milliseconds, standard: /^\d+m\d+s$/.test(text) };
}

/** `5m0s`; part of a second counts as a whole one. */
export function writeDuration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
