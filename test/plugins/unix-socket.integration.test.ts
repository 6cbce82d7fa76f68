import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const run = (folder: string, file: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, [join(root, file), ...args], { cwd: folder });

/** A plugin in TypeScript outside of this repository, beside a `node_modules` as after `npm install`. */
describe('a binding from outside', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-binding-'));
    await cp(join(root, 'plugins/binding-unix-socket'), folder, {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules/tutti'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is measured beside the built-in ones while it is written', async () => {
    const words = ['bench', 'bindings', '--rounds', '1', '--seconds', '0.05', '--devices', '2'];
    const guest = ['--binding', './index.ts', '--only', 'unix-socket'];
    const { stdout } = await run(folder, 'dist/cli/main.js', ...words, ...guest);
    expect(stdout).toMatch(/^fan-out +unix-socket/m);
  });

  it('serves a host that loads it by path', async () => {
    const host = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'run', 'profile.yaml'], { cwd: folder });
    const ended = once(host, 'close');
    try {
      let said = '';
      for await (const line of createInterface({ input: host.stdout })) {
        said += `${line}\n`;
        if (line.includes('ready')) break;
      }
      expect(said).toContain(`unix:${folder}/tutti.sock`);
      const socket = createConnection(join(folder, 'tutti.sock'));
      socket.write('{"operation":"system.livez","input":{},"headers":{},"timeout":5000}\n');
      expect(JSON.parse(await text(socket))).toMatchObject({ kind: 'representation' });
    } finally {
      host.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  });
});
