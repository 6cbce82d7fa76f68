import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';

export type Cell = string | number;

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What one benchmark found. */
export interface Report {
  readonly benchmark: string;
  /** What was measured, and how: all that one must know to believe the numbers. */
  readonly method: readonly string[];
  readonly table: Table;
  /** The numbers that the goals are about. */
  readonly results: readonly { readonly name: string; readonly value: number; readonly goal?: string }[];
}

/** Where the numbers come from; no name and no path of the machine. */
export interface Surroundings {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

const packages = ['find-my-way', 'structured-headers', '@photostructure/sqlite', 'inversify', 'zod', 'winston'];

export function surroundings(): Surroundings {
  const [first, ...others] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: others.length + 1,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    versions: {
      node: process.versions.node,
      openssl: process.versions.openssl,
      tutti: versionIn('package.json'),
      ...Object.fromEntries(packages.map((name) => [name, versionIn(`node_modules/${name}/package.json`)])),
    },
  };
}

function versionIn(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

export function asText({ benchmark, method, table, results }: Report): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  return [
    `== ${benchmark}`,
    ...method.map((line) => `   ${line}`),
    '',
    tableText(table),
    '',
    ...results.map(
      ({ name, value, goal }) =>
        `   ${name.padEnd(width)}  ${rounded(value)}${goal === undefined ? '' : `   (goal ${goal})`}`,
    ),
    '',
  ].join('\n');
}

export function surroundingsText({ cpu, cores, memoryGiB, system, versions }: Surroundings): string {
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}\n${used.join(', ')}\n`;
}

function tableText({ columns, rows }: Table): string {
  const texts = [columns, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? rounded(cell) : cell)))];
  const widths = columns.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  return texts
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      );
      return `   ${cells.join('  ')}`;
    })
    .join('\n');
}

/** Three significant digits, and never fewer than a whole number has. */
function rounded(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
