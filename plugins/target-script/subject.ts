import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DesiredApplication, TargetProvider } from 'tutti/plugin';
import {
  type KillableApply,
  type KitSubject,
  systemClock,
  type TargetPlatform,
  type TargetUnderTest,
  testContext,
} from 'tutti/testing';
import definition from './index.ts';

/** Settings of the tests, and of the agents that they kill. */
export const config = { scripts: './scripts', lookSeconds: 0.05 };

/** Never applied, never running. Its child is what an abort has to end as well. */
const stuck = `#!/bin/sh
case "$1" in
  apply) sleep 100000 & echo $! >sleeper; wait ;;
  status) exit 3 ;;
esac
`;

/** A target over a temporary directory, with the script of this package and one that gets stuck. */
export async function scriptSubject(): Promise<KitSubject<TargetUnderTest> & { readonly dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'target-script-'));
  await mkdir(join(dataDir, 'scripts'));
  await copyFile(new URL('scripts/message', import.meta.url), join(dataDir, 'scripts/message'));
  await writeFile(join(dataDir, 'scripts/stuck'), stuck, { mode: 0o755 });
  const platform = platformAt(dataDir);
  const open = async () => {
    const context = await testContext<TargetProvider>(definition, { dataDir, config, clock: systemClock });
    await context.start();
    return { target: Object.assign(context.instance, { platform }), close: () => context.dispose() };
  };
  let current = await open();
  return {
    dataDir,
    instance: current.target,
    close: () => current.close(),
    async reopen() {
      current = await open();
      return current.target;
    },
    async dispose() {
      await current.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

/** What the scripts did, seen without the target: the files that they keep. */
function platformAt(dataDir: string): TargetPlatform {
  const root = join(dataDir, 'script');
  /** Folders of a component, by what its log and its message say of whose they are. */
  const folders = async (id: string): Promise<string[]> => {
    const all = (await readdir(root)).map((name) => join(root, name));
    const records = await Promise.all(all.map(async (folder) => [folder, await textOf(join(folder, 'record.json'))]));
    return records.flatMap(([folder = '', record = '']) =>
      record.includes(`"TUTTI_APPLICATION":${JSON.stringify(id)}`) ? [folder] : [],
    );
  };
  return {
    application: (id, version) => application(id, 'message', version),
    missing: (id) => application(id, 'nothing', '1'),
    stuck: (id) => application(id, 'stuck', '1', 3_600_000),
    running: async (id) => {
      const texts = await Promise.all((await folders(id)).map((folder) => textOf(join(folder, 'state/message'))));
      return texts.flatMap((text) => (text === '' ? [] : [text.trim()]));
    },
    starts: async (id) => {
      const logs = await Promise.all((await folders(id)).map((folder) => textOf(join(folder, 'output.log'))));
      return logs.join('').split('is written').length - 1;
    },
    crash: async (id) => {
      for (const folder of await folders(id)) await rm(join(folder, 'state/message'), { force: true });
    },
    leftovers: () => readdir(root),
    applyElsewhere: (applied, component) => agent([dataDir, JSON.stringify(applied), component]),
  };
}

export function application(id: string, script: string, text: string, timeout = 30_000): DesiredApplication {
  return {
    id,
    name: `the ${id}`,
    applicationId: 'com-example-message',
    deploymentType: 'custom',
    components: [
      {
        name: 'main',
        repository: 'oci://registry.example/message',
        revision: '1.0.0',
        wait: true,
        timeout,
        properties: { 'x-script': script },
        parameters: { TEXT: text },
      },
    ],
  };
}

/** Empty where there is no such file. */
async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

function agent(words: readonly string[]): KillableApply {
  const script = fileURLToPath(new URL('killable-agent.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => undefined);
  // Its first line says that it is about to apply.
  const begun = Promise.race([once(child.stdout, 'data'), ended]).then(() => void child.stdout.resume());
  return {
    begun,
    ended,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
