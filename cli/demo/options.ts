import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** Tears down and ends once the workload has answered. */
  readonly exit: boolean;
  readonly runtime: 'process' | 'docker';
  /** Everything that the demo writes is below it; emptied at the start. */
  readonly data: string;
}

/** @throws Error for words that mean nothing here */
export function readOptions(words: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...words],
    strict: true,
    options: {
      exit: { type: 'boolean', default: false },
      runtime: { type: 'string', default: 'process' },
      data: { type: 'string', default: 'data/demo' },
    },
  });
  const { exit, runtime, data } = values;
  if (runtime !== 'process' && runtime !== 'docker') {
    throw new Error(`--runtime is process or docker, not "${runtime}"`);
  }
  return { exit, runtime, data };
}
