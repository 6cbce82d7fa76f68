import type { CaseStatus } from '../../core/testing/index.js';
import { type Column, table } from '../output/table.js';
import { grouped } from './grouped.js';
import type { PlannedCase } from './protocol.js';
import type { TriedCase } from './try-cases.js';

const words: Readonly<Record<CaseStatus, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  skipped: 'skipped',
  'expected-failure': 'fails as expected',
};

const planned: readonly Column<PlannedCase>[] = [
  { head: 'LEVEL', value: ({ level }) => level },
  { head: 'CASE', value: ({ name }) => name },
];
const tried: readonly Column<TriedCase>[] = [
  ...planned,
  {
    head: 'RESULT',
    value: ({ status, reason, measurement }) => {
      const more = reason ?? measurement;
      return more === undefined ? words[status] : `${words[status]} (${more})`;
    },
  },
  { head: 'MS', value: ({ milliseconds }) => String(milliseconds) },
];

/** Cases in a table for each definition. */
export function listing(cases: readonly PlannedCase[]): string {
  return byDefinition(cases, planned);
}

/** Results in a table for each definition, then all that is known of each failure. */
export function results(cases: readonly TriedCase[], again: (each: TriedCase) => string): string {
  const failures = cases.flatMap((each) => failureText(each, again(each)));
  return [byDefinition(cases, tried), ...failures, summary(cases)].join('\n\n');
}

/** How many cases ended how. */
export function summary(cases: readonly TriedCase[]): string {
  const having = (status: CaseStatus): number => cases.filter((each) => each.status === status).length;
  const parts = [`${having('passed')} passed`, `${having('failed')} failed`, `${having('skipped')} skipped`];
  if (having('expected-failure') > 0) parts.push(`${having('expected-failure')} failed as expected`);
  return parts.join(', ');
}

function byDefinition<T extends PlannedCase>(cases: readonly T[], columns: readonly Column<T>[]): string {
  return [...grouped(cases, ({ type, version }) => `${type} ${version}`)]
    .map(([name, of]) => `${name}\n\n${table(columns, of)}`)
    .join('\n\n');
}

function failureText({ type, kit, name, status, failure }: TriedCase, again: string): string[] {
  if (status !== 'failed' || !failure) return [];
  const { what, expected, found, reproduce } = failure;
  const calls = runsOf(reproduce.calls).map((call) => `            ${call}`);
  return [
    [
      `FAILED ${name} (${kit} of ${type})`,
      `  what      ${what}`,
      `  expected  ${expected}`,
      `  found     ${indented(found)}`,
      ...(calls.length > 0 ? ['  calls', ...calls] : []),
      `  seed      ${reproduce.seed}`,
      `  again     ${again}`,
    ].join('\n'),
  ];
}

/** A provider that is asked again and again fills a report with one line. */
function runsOf(calls: readonly string[]): string[] {
  const ends = calls.flatMap((call, at) => (call === calls[at + 1] ? [] : [at]));
  return ends.map((end, at) => {
    const times = end - (ends[at - 1] ?? -1);
    return times === 1 ? `${calls[end]}` : `${calls[end]} (${times} times)`;
  });
}

const indented = (text: string): string => text.replaceAll('\n', '\n            ');
