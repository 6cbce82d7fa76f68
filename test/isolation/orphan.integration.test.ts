import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const toy = fileURLToPath(new URL('toy/index.ts', import.meta.url));

/** The built program, as it is shipped: what an isolate runs is a file of its own there. */
async function host(): Promise<{ readonly child: ChildProcess; readonly url: string; readonly log: Interface }> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-orphan-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'profile.yaml');
  await writeFile(
    file,
    [
      'profile: orphan',
      `data: ${folder}/data`,
      `plugins: [${toy}]`,
      // Built-ins, which their isolates take from the built program, with as little memory as may be.
      'providers:',
      `  secrets: { type: secret.file, config: { directory: ${folder} }, isolation: { kind: process, memory: 32Mi } }`,
      '  packages: { type: registry.oci, isolation: { kind: thread, memory: 32Mi } }',
      '  targets: { type: target.process, isolation: { kind: process, memory: 32Mi } }',
      'vendors:',
      '  apart: { type: vendor.toy, isolation: process }',
      '  thread: { type: vendor.toy, path: /thread, isolation: thread }',
      'bindings:',
      '  http: { type: binding.http, config: { tls: off, port: 0 } }',
    ].join('\n'),
  );
  const child = spawn(process.execPath, [program, 'run', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stderr.setEncoding('utf8');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, log: createInterface({ input: child.stderr }), url: line.replace(/^.* at /, '') };
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it.each([false, true])('a process ends with a host that is killed, busy or not: %s', async (busy) => {
  const { child, url, log } = await host();
  const { pid } = (await (await fetch(`${url}/echo?text=who`)).json()) as { pid: number };
  expect(pid).not.toBe(child.pid);
  expect(await (await fetch(`${url}/thread/echo?text=who`)).json()).toMatchObject({ pid: child.pid });
  if (busy) {
    const headers = { 'content-type': 'application/json' };
    const spinning = once(log, 'line');
    fetch(`${url}/misdo`, { method: 'POST', headers, body: '{"what":"spin"}' }).catch(() => undefined);
    expect(String(await spinning)).toContain('spinning');
  }
  child.kill('SIGKILL');
  await expect.poll(() => lives(pid)).toBe(false);
});
