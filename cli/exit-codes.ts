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

/** The part of `tutti --help` about {@link exitCodes}. */
export const exitCodeHelp = `
Exit codes:
  0  done
  1  tried, and did not succeed
  2  the command line, a file or the input is wrong; nothing was done
  3  there is no such thing
  4  not logged in, or not allowed
  5  the host cannot be reached
  6  --wait ran out of time; the work goes on

Results go to standard output, everything else to standard error. NO_COLOR is respected.`;
