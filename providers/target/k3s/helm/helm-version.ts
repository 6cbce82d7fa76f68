/** `3.13`, `4.1`: more does not count. */
export interface HelmVersion {
  readonly major: number;
  readonly minor: number;
}

/** Releases have had labels since then, by which ours are known again. */
export const helmFloor: HelmVersion = { major: 3, minor: 13 };

/** @param output of `helm version --template {{.Version}}`: `v3.16.2`, `v4.0.0+g1234`, `v3.21` */
export function parseHelmVersion(output: string): HelmVersion | undefined {
  const found = /^v?(\d+)\.(\d+)/.exec(output.trim());
  return found === null ? undefined : { major: Number(found[1]), minor: Number(found[2]) };
}

export function isUsable({ major, minor }: HelmVersion): boolean {
  return major === 4 || (major === helmFloor.major && minor >= helmFloor.minor);
}

export function versionText({ major, minor }: HelmVersion): string {
  return `${major}.${minor}`;
}
