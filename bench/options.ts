/** What `npm run bench` takes. */
export interface BenchOptions {
  readonly rounds: number;
  /** Of one round. */
  readonly seconds: number;
  /** Builds to measure, by name: the path of each one's `cli/main.js`. */
  readonly builds: ReadonlyMap<string, string>;
}
