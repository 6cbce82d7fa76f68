import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

function bench(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const words = [join(root, 'dist/cli/main.js'), 'bench', 'bindings', '--rounds', '1', '--seconds', '0.05', ...args];
  return spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
}

it('runs the same workloads over every binding and every bare library', { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = bench('--devices', '3', '-o', 'json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { findings } = JSON.parse(stdout) as { findings: Record<string, unknown>[] };
  const seen = findings.map(({ workload, binding, subject }) => `${workload} ${binding} ${subject}`);
  const expected = ['small', 'page', 'poll', 'stream', 'fan-out'].flatMap((workload) =>
    ['http', 'grpc', 'mqtt'].flatMap((binding) => [`${workload} ${binding} binding`, `${workload} ${binding} bare`]),
  );
  expect(seen.toSorted()).toEqual(expected.toSorted());
  for (const finding of findings) {
    expect(finding).toEqual(
      expect.objectContaining({
        p50: expect.any(Number),
        p99: expect.any(Number),
        wireBytes: expect.any(Number),
        cpu: expect.any(Number),
      }),
    );
  }
});

it.each([
  [['--binding', './nowhere.ts'], 'there is no plugin at "./nowhere.ts"'],
  [['--only', 'htpp'], 'htpp'],
])('%j is refused in words', (args, words) => {
  const { status, stdout, stderr } = bench(...args);
  expect(stderr).toContain(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
});
