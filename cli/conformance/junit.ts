import { grouped } from './grouped.js';
import type { TriedCase } from './try-cases.js';

/**
 * Results as systems for continuous integration read them: the XML of JUnit, one suite for each kit of each definition.
 * An expected failure counts as skipped, as there is no word for it.
 *
 * @param again the command that tries a case once more
 */
export function junit(tried: readonly TriedCase[], seed: number, again: (each: TriedCase) => string): string {
  const suites = grouped(tried, ({ type, kit }) => `${type} ${kit}`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="tutti plugin test" ${counts(tried)}>`,
    ...[...suites].flatMap(([name, cases]) => [
      `  <testsuite name="${escaped(name)}" ${counts(cases)}>`,
      `    <properties><property name="seed" value="${seed}"/></properties>`,
      ...cases.flatMap((each) => testcase(each, again(each))),
      '  </testsuite>',
    ]),
    '</testsuites>',
  ].join('\n');
}

function testcase({ type, kit, level, name, milliseconds, ...ended }: TriedCase, again: string): string[] {
  const attributes = `classname="${escaped(`${type}.${kit}`)}" name="${escaped(`${level}: ${name}`)}" time="${seconds(milliseconds)}"`;
  const { status, reason = '', measurement, failure } = ended;
  if (status === 'failed' && failure) {
    const { what, expected, found, reproduce } = failure;
    const text = [`expected ${expected}`, `found    ${found}`, ...reproduce.calls, again].join('\n');
    const message = `${what}: expected ${expected}, found ${found}`;
    return [
      `    <testcase ${attributes}>`,
      `      <failure type="KitFailure" message="${escaped(message)}">${escaped(text)}</failure>`,
      '    </testcase>',
    ];
  }
  if (status !== 'passed') {
    const message = status === 'expected-failure' ? `fails as expected: ${reason}` : reason;
    return [`    <testcase ${attributes}><skipped message="${escaped(message)}"/></testcase>`];
  }
  const output = measurement === undefined ? '' : `<system-out>${escaped(measurement)}</system-out>`;
  return [`    <testcase ${attributes}>${output}</testcase>`];
}

function counts(cases: readonly TriedCase[]): string {
  const failures = cases.filter(({ status }) => status === 'failed').length;
  const passed = cases.filter(({ status }) => status === 'passed').length;
  const time = seconds(cases.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
  return `tests="${cases.length}" failures="${failures}" errors="0" skipped="${cases.length - failures - passed}" time="${time}"`;
}

const seconds = (milliseconds: number): string => (milliseconds / 1_000).toFixed(3);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
  '\r': '&#13;',
};
// XML 1.0 section 2.2: what is none of these characters cannot be in a document, however it is written.
const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

function escaped(text: string): string {
  return text
    .replaceAll(forbidden, '\uFFFD')
    .replaceAll(/[&<>"\n\t\r]/g, (character) => entities[character] ?? character);
}
