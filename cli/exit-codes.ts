/** What the exit status of `tutti` says; scripts may rely on it. */
export const exitCodes = {
  ok: 0,
  /** It was tried and did not succeed. */
  failed: 1,
  /** The command line, a file or the input is wrong; nothing was done. */
  invalid: 2,
  /** The thing does not exist. */
  notFound: 3,
  /** Not logged in, or not allowed. */
  denied: 4,
  /** The host cannot be reached. */
  unreachable: 5,
  /** `--wait` ran out of time; the work goes on. */
  timeout: 6,
} as const;
