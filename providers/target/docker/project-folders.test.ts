import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordingLogger } from '../../../core/testing/index.js';
import { folderStatus, ProjectFolders } from './project-folders.js';

let root: string;
let log: ReturnType<typeof recordingLogger>;
let folders: ProjectFolders;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tutti-folders-'));
  log = recordingLogger();
  folders = new ProjectFolders(root, log);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const line = { id: 'id-1', name: 'Line' };

it('knows whose a folder is until it is deleted', async () => {
  await folders.begin('a-1', line, 'web');
  const [begun] = await folders.list();
  expect(begun).toEqual({ format: 1, application: line, component: 'web', project: 'a-1' });
  expect(begun && folderStatus(begun)).toMatchObject({ name: 'web', phase: 'installing' });

  await folders.applied('a-1', 'f00');
  await folders.begin('a-1', { id: 'id-1', name: 'Renamed' }, 'web');
  const [applied] = await folders.list();
  expect(applied).toMatchObject({ application: { name: 'Renamed' }, applied: 'f00' });
  expect(applied && folderStatus(applied)).toMatchObject({ phase: 'stopped', applied: 'f00' });

  await mkdir(join(folders.of('a-1'), 'files', 'x'), { recursive: true });
  await folders.delete('a-1');
  await folders.delete('a-1');
  expect(await folders.list()).toEqual([]);
  expect(await readdir(root)).toEqual([]);
});

it('sweeps what a killed agent had only just begun or all but deleted, and nothing else', async () => {
  await folders.begin('kept', line, 'web');
  await mkdir(join(root, 'begun'));
  await mkdir(join(root, 'docker-config-1234abcd'));
  await writeFile(join(root, 'begun', '.application.json.0123'), '{');
  await writeFile(join(root, 'kept.pid'), '');
  // No process has so high a number.
  await writeFile(join(root, 'begun.pid'), '99999999');
  await folders.sweep(new AbortController().signal);
  expect(await readdir(root)).toEqual(['kept']);
});

it('leaves a note that it cannot read for a person to look at, and says so', async () => {
  await folders.begin('a-1', line, 'web');
  await writeFile(join(folders.of('a-1'), 'application.json'), '{"format":2}');
  await folders.sweep(new AbortController().signal);
  expect(await folders.list()).toEqual([]);
  expect(await readdir(root)).toEqual(['a-1']);
  expect(log.lines.some(({ message }) => message === 'the note of a project cannot be read')).toBe(true);
  // Applying it anew makes it known again.
  await folders.begin('a-1', line, 'web');
  expect(await folders.list()).toHaveLength(1);
});
