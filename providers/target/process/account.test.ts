import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { pushSample, sampleApplication } from '../../../test/target/process-samples.js';
import { type ProcessSubject, processSubject, workloads } from '../../../test/target/process-subject.js';
import { type AccountNames, accountOf } from './account.js';
import { checkWay } from './ownership.js';

const call = { signal: new AbortController().signal, progress: () => undefined };
const isRoot = process.getuid?.() === 0;

describe('accountOf', () => {
  let etc: string;
  beforeEach(async () => {
    etc = await mkdtemp(path.join(tmpdir(), 'tutti-etc-'));
    await writeFile(
      path.join(etc, 'passwd'),
      'root:x:0:0:root:/root:/bin/sh\nworker:x:1001:1002::/home/worker:/bin/sh\n',
    );
    await writeFile(path.join(etc, 'group'), 'root:x:0:\nplant:x:2000:worker\n');
  });
  afterEach(() => rm(etc, { recursive: true }));
  const of = (names: AccountNames, uid = 0) => accountOf(names, { uid, gid: uid, etc });

  it.each<[AccountNames, number, number, string | undefined]>([
    [{ user: 'worker' }, 1001, 1002, '/home/worker'],
    [{ user: 1001 }, 1001, 1002, '/home/worker'],
    [{ user: 'worker', group: 'plant' }, 1001, 2000, '/home/worker'],
    [{ user: '4000', group: 4001 }, 4000, 4001, undefined],
  ])('finds %j', async (names, uid, gid, home) => {
    expect(await of(names)).toMatchObject({ uid, gid, home });
  });

  it.each<[AccountNames, string]>([
    [{ user: 'nobody-here' }, 'there is no user nobody-here'],
    [{ user: 4000 }, '`group` must be told as well'],
    [{ user: 'worker', group: 'lost' }, 'there is no group lost'],
    [{ group: 'plant' }, 'together with `user` only'],
  ])('refuses %j', async (names, message) => {
    await expect(of(names)).rejects.toThrow(message);
  });

  it('lets root alone choose another', async () => {
    await expect(of({ user: 'worker' }, 1000)).rejects.toThrow('only root may start them so');
    expect(await of({ user: 1000, group: 1000 }, 1000)).toBeUndefined();
    expect(await of({ user: 'root' })).toBeUndefined();
  });
});

describe.runIf(isRoot)('workloads of another user', () => {
  let subject: ProcessSubject;
  beforeEach(async () => {
    subject = await processSubject({ settle: 50, user: 65_534, group: 65_533 });
    await mkdir(path.join(subject.dataDir, 'identity'), { mode: 0o700 });
    await writeFile(path.join(subject.dataDir, 'identity', 'device.key'), 'the key', { mode: 0o600 });
    await writeFile(path.join(subject.dataDir, 'state.db'), 'all', { mode: 0o600 });
  });
  afterEach(() => subject.dispose());
  const data = (): string => path.join(subject.dataDir, 'process', 'app', 'main', 'data');
  const said = (file: string): Promise<string> => readFile(path.join(data(), file), 'utf8');

  it('run as it, in folders that let them work and nothing more', async () => {
    const prying = ['identity/device.key', 'state.db', 'process/app/main/record.json'];
    const script = [
      'cd "$TUTTI_STATE_DIR"',
      'id -u > uid; id -g > gid; id -G > groups; echo "$HOME" > home',
      ...prying.map((file) => `cat "${subject.dataDir}/${file}" >> seen 2> refused || echo ${file} >> closed`),
      `ls "${subject.dataDir}" >> seen 2> refused || echo list >> closed`,
      'echo x >> "$ARTIFACT/run.sh" || echo artifact >> closed',
      'echo heard > /dev/stderr',
      'echo once >> starts; exec sleep 1000',
    ].join('\n');
    const yaml = 'command: [sh, run.sh]\nhealth: { command: [sh, check.sh] }\nstop: { grace: 2s }\n';
    const check = 'id -u > "$TUTTI_STATE_DIR/checker" && test -e "$TUTTI_STATE_DIR/starts"\n';
    await pushSample(subject.registry, 'prying', {
      'component.yaml': yaml,
      'run.sh': `ARTIFACT=$PWD\n${script}\n`,
      'check.sh': check,
    });
    await subject.instance.apply(sampleApplication('app', 'prying'), 'main', call);
    expect(await said('uid')).toBe('65534\n');
    expect(await said('checker')).toBe('65534\n');
    expect(await said('gid')).toBe('65533\n');
    expect(await said('groups')).toBe('65533\n');
    expect(await said('home')).not.toBe(`${process.env['HOME']}\n`);
    expect(await said('closed')).toBe(`${[...prying, 'list', 'artifact'].join('\n')}\n`);
    expect(await said('seen')).toBe('');
    expect(await subject.instance.logs('app', 'main', 5)).toContain('heard');
    expect((await stat(subject.dataDir)).mode & 0o777).toBe(0o711);
  });

  it('are taken over, started again and ended like others', async () => {
    const { platform } = subject.instance;
    await subject.instance.apply(platform.application('app', '1'), 'main', call);
    await subject.close();
    const target = await subject.reopen();
    expect(await platform.running('app', 'main')).toEqual(['1']);
    expect(await platform.starts('app', 'main')).toBe(1);
    await platform.crash('app', 'main');
    await vi.waitFor(async () => expect(await platform.starts('app', 'main')).toBe(2), {
      timeout: 60_000,
      interval: 20,
    });
    await target.remove({ id: 'app', name: 'the app' }, 'main', true, call);
    expect(workloads(subject.dataDir)).toEqual([]);
    expect(await platform.leftovers()).toEqual([]);
  });
});

test.runIf(isRoot)('data of a workload goes over to another user with the next start', async () => {
  const subject = await processSubject({ settle: 50 });
  try {
    const { platform } = subject.instance;
    await subject.instance.apply(platform.application('app', '1'), 'main', call);
    await subject.close();
    await platform.crash('app', 'main');
    const next = await subject.reopenWith({ settle: 50, user: 65_534, group: 65_533 });
    await vi.waitFor(async () => expect(await platform.starts('app', 'main')).toBe(2), {
      timeout: 60_000,
      interval: 20,
    });
    expect((await stat(path.join(subject.dataDir, 'process/app/main/data/starts'))).uid).toBe(65_534);
    await next.remove({ id: 'app', name: 'the app' }, 'main', true, call);
  } finally {
    await subject.dispose();
  }
});

test.runIf(isRoot)('a closed folder above the data directory is named', async () => {
  const closed = await mkdtemp(path.join(tmpdir(), 'tutti-closed-'));
  await chmod(closed, 0o700);
  const account = { name: 'worker', uid: 65_534, gid: 65_533, home: undefined };
  await expect(checkWay(path.join(closed, 'data'), account)).rejects.toThrow(`${closed} is closed to it`);
  await rm(closed, { recursive: true });
});
