import { expect, test } from 'vitest';
import { junit } from './junit.js';
import type { TriedCase } from './try-cases.js';

const common = { type: 'state.toy', version: '1.0.0', kit: 'state', level: 'basic', milliseconds: 12 } as const;
const reproduce = { calls: ['get(<a>)'], seed: 7 };
const tried: readonly TriedCase[] = [
  { ...common, at: 0, name: 'passes', status: 'passed' },
  { ...common, at: 1, name: 'measures', level: 'performance', status: 'passed', measurement: '1.2 of 10' },
  { ...common, at: 2, name: 'is not made', status: 'skipped', reason: 'not "durable"' },
  {
    ...common,
    at: 3,
    name: 'fails',
    status: 'failed',
    failure: { what: 'a', expected: '<b>', found: 'c\0\u001b', reproduce },
  },
  { ...common, at: 4, name: 'is known', status: 'expected-failure', reason: 'no disk', kit: 'lifecycle' },
];

test('results are suites of JUnit, with nothing in them that XML does not take', () => {
  expect(junit(tried, 7, ({ name }) => `again & again: ${name}`)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="tutti plugin test" tests="5" failures="1" errors="0" skipped="2" time="0.060">
  <testsuite name="state.toy state" tests="4" failures="1" errors="0" skipped="1" time="0.048">
    <properties><property name="seed" value="7"/></properties>
    <testcase classname="state.toy.state" name="basic: passes" time="0.012"></testcase>
    <testcase classname="state.toy.state" name="performance: measures" time="0.012"><system-out>1.2 of 10</system-out></testcase>
    <testcase classname="state.toy.state" name="basic: is not made" time="0.012"><skipped message="not &quot;durable&quot;"/></testcase>
    <testcase classname="state.toy.state" name="basic: fails" time="0.012">
      <failure type="KitFailure" message="a: expected &lt;b&gt;, found c\uFFFD\uFFFD">expected &lt;b&gt;&#10;found    c\uFFFD\uFFFD&#10;get(&lt;a&gt;)&#10;again &amp; again: fails</failure>
    </testcase>
  </testsuite>
  <testsuite name="state.toy lifecycle" tests="1" failures="0" errors="0" skipped="1" time="0.012">
    <properties><property name="seed" value="7"/></properties>
    <testcase classname="state.toy.lifecycle" name="basic: is known" time="0.012"><skipped message="fails as expected: no disk"/></testcase>
  </testsuite>
</testsuites>`);
});
