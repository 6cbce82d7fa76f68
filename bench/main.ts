import { parseArgs } from 'node:util';
import { benchInstances } from './instances/index.js';
import { benchIsolation } from './isolation/index.js';
import type { BenchOptions } from './options.js';
import { benchPolls } from './polls/index.js';
import { asText, type Report, surroundings, surroundingsText } from './report.js';
import { benchStart } from './start/index.js';

const benchmarks: Readonly<Record<string, (options: BenchOptions) => Promise<Report>>> = {
  polls: benchPolls,
  instances: benchInstances,
  start: benchStart,
  isolation: benchIsolation,
};

const usage = `npm run bench -- [${Object.keys(benchmarks).join('|')} ...] [options]
  -o, --output json     one JSON document instead of tables
  --rounds N            interleaved rounds (9)
  --seconds N           length of a round of polls (1.5)
  --build NAME=PATH     measure this build's cli/main.js; repeat it to compare builds (tutti=dist/cli/main.js)
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    output: { type: 'string', short: 'o', default: 'text' },
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '1.5' },
    build: { type: 'string', multiple: true, default: ['tutti=dist/cli/main.js'] },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const unknown = positionals.find((name) => !Object.hasOwn(benchmarks, name));
if (values.help || unknown !== undefined) {
  process.stderr.write(unknown === undefined ? usage : `there is no benchmark ${unknown}\n${usage}`);
  process.exit(values.help ? 0 : 2);
}

const options: BenchOptions = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  builds: new Map(values.build.map((build) => [build.replace(/=.*/, ''), build.replace(/^[^=]*=/, '')])),
};
const json = values.output === 'json';
const machine = surroundings();
const reports: Report[] = [];
if (!json) process.stdout.write(`${surroundingsText(machine)}\n`);
for (const name of positionals.length > 0 ? positionals : Object.keys(benchmarks)) {
  const report = await benchmarks[name]?.(options);
  if (!report) continue;
  reports.push(report);
  if (!json) process.stdout.write(`${asText(report)}\n`);
}
if (json) process.stdout.write(`${JSON.stringify({ machine, reports }, undefined, 2)}\n`);
