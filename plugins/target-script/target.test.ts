import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetProvider } from 'tutti/plugin';
import { cases } from 'tutti/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import conformance from './conformance.ts';
import { application, scriptSubject } from './subject.ts';

for (const { name, run } of cases(conformance, { patience: 30_000, kills: 3 })) test(name, { timeout: 120_000 }, run);

describe('a script', () => {
  let subject: Awaited<ReturnType<typeof scriptSubject>>;
  let target: TargetProvider;
  const call = { signal: new AbortController().signal, progress: () => undefined };
  const script = (name: string, text: string): Promise<void> =>
    writeFile(join(subject.scripts, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  /** A file that the script of `app` wrote. */
  const written = async (file: string): Promise<string> => {
    const root = join(subject.dataDir, 'script');
    const [folder = ''] = await readdir(root);
    return readFile(join(root, folder, 'state', file), 'utf8');
  };

  const pidIn = async (file: string): Promise<number> => {
    const text = await written(file);
    if (!text.endsWith('\n')) throw new Error(`${file} is not written yet`);
    return Number(text);
  };

  beforeEach(async () => {
    subject = await scriptSubject();
    target = subject.instance;
  });
  afterEach(() => subject.dispose());

  test('sees parameters as values, whatever they hold', async () => {
    const text = '$(touch hacked) `touch hacked`; touch hacked\n"\'\\ && touch hacked';
    await target.apply(application('app', 'message', text), 'main', call);
    expect(await written('message')).toBe(`${text}\n`);
    await expect(written('hacked')).rejects.toThrow('ENOENT');
  });

  test.each(['PATH=x', 'A B', '1A', ''])('is refused the parameter %j, which no variable can be', async (name) => {
    const wanted = application('app', 'message', 'hello');
    const [main] = wanted.components;
    const components = main ? [{ ...main, parameters: { [name]: 'x' } }] : [];
    const applied = target.apply({ ...wanted, components }, 'main', call);
    await expect(applied).rejects.toMatchObject({ code: 'invalid', retry: false });
    expect(await target.actual()).toEqual([]);
  });

  test.each(['../message', '/bin/sh', 'a/b', '', '.hidden'])('cannot be %j', async (name) => {
    const applied = target.apply(application('app', name, 'hello'), 'main', call);
    await expect(applied).rejects.toMatchObject({ code: 'invalid', retry: false });
  });

  test('that fails says why in its last line, and is tried again', async () => {
    await script('flaky', 'echo "the fan is not plugged in" >&2; exit 7');
    const wanted = application('app', 'flaky', 'hello');
    const message = 'flaky apply ended with 7: the fan is not plugged in';
    await expect(target.apply(wanted, 'main', call)).rejects.toMatchObject({ code: 'start', retry: true, message });
    const components = [{ name: 'main', phase: 'failed', reason: message }];
    expect(await target.actual()).toEqual([{ id: 'app', name: 'the app', components }]);
    expect(await target.logs('app', 'main', 5)).toEqual(['the fan is not plugged in']);
    await script('flaky', 'exit 0');
    await target.apply(wanted, 'main', call);
    expect((await target.actual())[0]?.components[0]?.phase).toBe('running');
  });

  test('is believed about the status, not the one who called it', async () => {
    await script('liar', '[ "$1" = apply ] || { echo "no fan here"; exit 3; }');
    const applied = target.apply(application('app', 'liar', 'hello'), 'main', call);
    await expect(applied).rejects.toMatchObject({ code: 'start', message: expect.stringContaining('no fan here') });
  });

  test('that takes too long is ended with all that it started', async () => {
    const applied = target.apply(application('app', 'stuck', 'hello', 200), 'main', call);
    await expect(applied).rejects.toMatchObject({ code: 'timeout', retry: true });
    // The sleeper may not have been started yet when the time was over, on a busy machine.
    const sleeper = await written('sleeper').catch(() => undefined);
    if (sleeper !== undefined) await eventually(() => expect(isAlive(Number(sleeper))).toBe(false));
  });

  test('that an abort ends is ended with all that it started', async () => {
    const abort = new AbortController();
    const applied = target.apply(application('app', 'stuck', 'hello'), 'main', { ...call, signal: abort.signal });
    applied.catch(() => undefined);
    const sleeper = await eventually(() => pidIn('sleeper'));
    expect(isAlive(sleeper)).toBe(true);
    abort.abort(new Error('enough'));
    await expect(applied).rejects.toThrow('enough');
    await eventually(() => expect(isAlive(sleeper)).toBe(false));
  });

  test('that runs when the host stops is ended, as is what waits for it and who watches', async () => {
    const calls = ['stuck', 'message'].map((name) => target.apply(application('app', name, 'hello'), 'main', call));
    const ended = Promise.all(calls.map((each) => each.catch((error: unknown) => error)));
    const watching = (async () => {
      for await (const _ of target.watch(call.signal));
    })();
    const sleeper = await eventually(() => pidIn('sleeper'));
    await subject.close?.();
    const fault = expect.objectContaining({ code: 'platform', retry: true, message: 'the target has stopped' });
    expect(await ended).toEqual([fault, fault]);
    await watching;
    await eventually(() => expect(isAlive(sleeper)).toBe(false));
    await expect(target.apply(application('app', 'message', 'hello'), 'main', call)).rejects.toEqual(fault);
  });

  test('keeps its state when its component is removed, and loses it when that is purged', async () => {
    await script('keeper', 'case "$1" in apply) echo data >data ;; remove) echo "$TUTTI_PURGE" >purge ;; esac');
    const wanted = application('app', 'keeper', 'hello');
    await target.apply(wanted, 'main', call);
    await target.remove(wanted, 'main', false, call);
    expect(await target.actual()).toEqual([]);
    expect(await written('data')).toBe('data\n');
    expect(await written('purge')).toBe('\n');
    await target.remove(wanted, 'main', true, call);
    expect(await readdir(join(subject.dataDir, 'script'))).toEqual([]);
  });

  test('that an earlier agent was killed over is ended before anything else', async () => {
    await script('never', 'echo $$ >pid; while :; do sleep 1000; done');
    const agent = subject.instance.platform.applyElsewhere?.(application('app', 'never', 'hello'), 'main');
    await agent?.begun;
    const leader = await eventually(() => pidIn('pid'));
    await agent?.kill();
    expect(isAlive(leader)).toBe(true);
    await subject.close?.();
    target = (await subject.reopen?.()) ?? target;
    expect(isAlive(leader)).toBe(false);
    const components = [{ name: 'main', phase: 'installing', reason: 'its script was cut off' }];
    expect(await target.actual()).toEqual([{ id: 'app', name: 'the app', components }]);
  });

  test('is not run where the folder of scripts has none of the name', async () => {
    await mkdir(join(subject.scripts, 'folder'));
    await writeFile(join(subject.scripts, 'plain'), 'exit 0', { mode: 0o644 });
    for (const name of ['plain', 'missing', 'folder']) {
      const applied = target.apply(application('app', name, 'hello'), 'main', call);
      await expect(applied).rejects.toMatchObject({ code: 'artifact', retry: true });
    }
  });
});

const eventually = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 30_000 });

/** Whether a process still runs; one that is over may wait a while for somebody to read its exit code. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
}
