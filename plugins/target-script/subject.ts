import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredApplication } from 'tutti/plugin';
import { type KitSubject, type TargetPlatform, type TargetUnderTest, targetSubjects } from 'tutti/testing';
import definition from './index.ts';

/** Settings of the tests. */
export const config = { scripts: './scripts', lookSeconds: 0.05 };

/** Never applied, never running. Its child is what an abort has to end as well. */
const stuck = `#!/bin/sh
case "$1" in
  apply) sleep 100000 & echo $! >sleeper; wait ;;
  status) exit 3 ;;
esac
`;

export interface ScriptSubject extends KitSubject<TargetUnderTest> {
  readonly dataDir: string;
  /** The folder of scripts. */
  readonly scripts: string;
}

/** A target with the script of this package, and one that gets stuck. */
export async function scriptSubject(): Promise<ScriptSubject> {
  const scripts = await mkdtemp(join(tmpdir(), 'target-script-'));
  await copyFile(new URL('scripts/message', import.meta.url), join(scripts, 'message'));
  await writeFile(join(scripts, 'stuck'), stuck, { mode: 0o755 });
  let dataDir = '';
  const make = targetSubjects(definition, {
    config: { ...config, scripts },
    platform: (_instance, at) => {
      dataDir = at;
      return platformAt(at);
    },
    crash: { module: new URL('index.ts', import.meta.url).href },
    cleanUp: () => rm(scripts, { recursive: true }),
  });
  return { ...(await make()), dataDir, scripts };
}

/** What the scripts did, seen without the target: the files that they keep. */
function platformAt(dataDir: string): TargetPlatform {
  const root = join(dataDir, 'script');
  /** Folders of a component, by what its record says of whose they are. */
  const folders = async (id: string, component: string): Promise<string[]> => {
    const all = (await readdir(root)).map((name) => join(root, name));
    const records = await Promise.all(all.map(async (folder) => [folder, await textOf(join(folder, 'record.json'))]));
    const owner = `"TUTTI_APPLICATION":${JSON.stringify(id)},"TUTTI_COMPONENT":${JSON.stringify(component)}`;
    return records.flatMap(([folder = '', record = '']) => (record.includes(owner) ? [folder] : []));
  };
  return {
    application: (id, version) => application(id, 'message', version),
    missing: (id) => application(id, 'nothing', '1'),
    stuck: (id) => application(id, 'stuck', '1', 3_600_000),
    running: async (id, component) => {
      const own = await folders(id, component);
      const texts = await Promise.all(own.map((folder) => textOf(join(folder, 'state/message'))));
      return texts.flatMap((text) => (text === '' ? [] : [text.trim()]));
    },
    starts: async (id, component) => {
      const own = await folders(id, component);
      const logs = await Promise.all(own.map((folder) => textOf(join(folder, 'output.log'))));
      return logs.join('').split('is written').length - 1;
    },
    crash: async (id, component) => {
      for (const folder of await folders(id, component)) await rm(join(folder, 'state/message'), { force: true });
    },
    leftovers: () => readdir(root),
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
