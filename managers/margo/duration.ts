export interface Duration {
  readonly milliseconds: number;
  /** Whether it was written as the standard wants it: `^\d+m\d+s$`. */
  readonly standard: boolean;
}

/** Reads `5m0s` and the tolerated `5m`, `30s`, `1h`, `1h30m`, `90` (seconds); `undefined` when it is none. */
export function readDuration(_text: string): Duration | undefined {
  throw new Error('not written yet');
}

/** `5m0s` */
export function writeDuration(_milliseconds: number): string {
  throw new Error('not written yet');
}
