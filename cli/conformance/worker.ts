import type { Conformance } from '../../core/testing/index.js';
import { loadConformances, refusal } from './load.js';
import type { CaseResult, PlannedCase, Reply, Request } from './protocol.js';

/** Milliseconds between two signs of life. */
const beat = 1_000;

/** The process of the plugin: loads it and tries cases, one after the other, until the command has no more. */
export async function tryHere(): Promise<void> {
  const send = (reply: Reply): void => void process.send?.(reply);
  process.on('uncaughtExceptionMonitor', (error) => send({ kind: 'broke', message: firstLines(error) }));
  // What a plugin leaves open must not keep a process alive that nobody listens to.
  process.once('disconnect', () => process.exit());
  setInterval(() => send({ kind: 'beat' }), beat).unref();
  let conformances: readonly Conformance[] = [];
  const answer = async (request: Request): Promise<Reply> => {
    if (request.kind === 'run') return { kind: 'done', result: await run(conformances, request) };
    try {
      conformances = await loadConformances(request.path);
      return { kind: 'loaded', cases: planned(conformances) };
    } catch (error) {
      return { kind: 'refused', ...refusal(error) };
    }
  };
  process.on('message', (request: Request) => void answer(request).then(send));
  await new Promise(() => undefined);
}

function planned(conformances: readonly Conformance[]): readonly PlannedCase[] {
  return conformances
    .flatMap(({ type, version, suites }) =>
      suites.flatMap(({ kit, cases }) => cases.map(({ name, level }) => ({ type, version, kit, level, name }))),
    )
    .map((each, at) => ({ at, ...each }));
}

async function run(
  conformances: readonly Conformance[],
  { at, options }: Extract<Request, { kind: 'run' }>,
): Promise<CaseResult> {
  const all = conformances.flatMap(({ suites, expectedFailures }) =>
    suites.flatMap(({ cases }) => cases.map((each) => ({ each, expectedFailures }))),
  );
  const found = all[at];
  if (!found) throw new Error(`there is no case ${at} of ${all.length}`);
  const { failure, ...report } = await found.each.run({ expectedFailures: found.expectedFailures, ...options });
  if (!failure) return report;
  const { error: _, ...told } = failure;
  return { ...report, failure: told };
}

const firstLines = (error: Error): string => (error.stack ?? String(error)).split('\n').slice(0, 3).join('\n');
