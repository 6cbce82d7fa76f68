import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ActualComponent, DesiredApplication } from '../../../core/ports/index.js';
import { pushSample, sampleApplication } from '../../../test/target/process-samples.js';
import { type ProcessSubject, processSubject, workloads } from '../../../test/target/process-subject.js';

let subject: ProcessSubject;
let target: ProcessSubject['instance'];

beforeEach(async () => {
  subject = await processSubject({
    settle: 50,
    logs: { bytes: 2_000, files: 2 },
    otlpEndpoint: 'http://otel.test:4318',
  });
  target = subject.instance;
});
afterEach(() => subject.dispose());

const apply = (application: DesiredApplication, progress: (text: string) => void = () => undefined): Promise<void> =>
  target.apply(application, 'main', { signal: new AbortController().signal, progress });

const component = async (): Promise<ActualComponent | undefined> => (await target.actual())[0]?.components[0];
const folder = (): string => path.join(subject.dataDir, 'process', 'app', 'main');
const until = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 60_000, interval: 20 });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function edit(change: (record: Record<string, Record<string, unknown>>) => void): Promise<void> {
  const file = path.join(folder(), 'record.json');
  const record = JSON.parse(await readFile(file, 'utf8'));
  change(record);
  await writeFile(file, JSON.stringify(record));
}

test('a process whose pid was never written down is found again and not started twice', async () => {
  const application = target.platform.application('app', '1');
  await apply(application);
  await subject.close();
  await edit((record) => delete record['instance']?.['process']);
  target = await subject.reopen();
  expect(await target.platform.running('app', 'main')).toEqual(['1']);
  expect(await target.platform.starts('app', 'main')).toBe(1);
});

test('after a reboot it is started again from what is on disk', async () => {
  await apply(target.platform.application('app', '1'));
  await subject.close();
  await target.platform.crash('app', 'main');
  await until(async () => expect(await target.platform.running('app', 'main')).toEqual([]));
  await edit((record) => {
    Object.assign(record['instance'] ?? {}, { boot: 'an-earlier-one' });
  });
  subject.registry.unreachable = true;
  target = await subject.reopen();
  await until(async () => expect((await component())?.phase).toBe('running'));
  expect(await target.platform.starts('app', 'main')).toBe(2);
});

test('a pid that belongs to another process by now is neither adopted nor harmed', async () => {
  await apply(target.platform.application('app', '1'));
  await apply(target.platform.application('other', '2'));
  const other = workloads(subject.dataDir).find(({ environment }) => environment['TUTTI_APPLICATION'] === 'other');
  await subject.close();
  await target.platform.crash('app', 'main');
  await edit((record) => {
    Object.assign(record['instance'] ?? {}, { process: { pid: other?.pid, started: '1' } });
  });
  target = await subject.reopen();
  await until(async () => expect((await component())?.phase).toBe('running'));
  expect(await target.platform.starts('other', 'main')).toBe(1);
  expect(await target.platform.running('app', 'main')).toEqual(['1']);
});

test('calls and watches end when the target stops, and workloads run on', async () => {
  await apply(target.platform.application('app', '1'));
  const stuck = target.platform.stuck('other');
  const ended = Promise.all([1, 2].map(() => apply(stuck).catch((error: unknown) => error)));
  const watching = (async () => {
    for await (const id of target.watch(new AbortController().signal)) expect(id).toBe('other');
  })();
  await until(async () => expect((await target.actual()).map(({ id }) => id)).toContain('other'));
  await subject.close();
  const fault = expect.objectContaining({ name: 'TargetFault', code: 'platform', retry: true });
  expect(await ended).toEqual([fault, fault]);
  await watching;
  await expect(apply(stuck)).rejects.toEqual(fault);
  for await (const id of target.watch(new AbortController().signal)) expect(id).toBeUndefined();
  expect(await target.platform.running('app', 'main')).toEqual(['1']);
  target = await subject.reopen();
});

test('an agent that took a process over starts it again when it dies', async () => {
  await apply(target.platform.application('app', '1'));
  await subject.close();
  target = await subject.reopen();
  await target.platform.crash('app', 'main');
  await until(async () => expect(await target.platform.starts('app', 'main')).toBe(2));
});

test('a record that cannot be read leaves no process behind and can be applied anew', async () => {
  await apply(target.platform.application('app', '1'));
  await subject.close();
  await writeFile(path.join(folder(), 'record.json'), '{"half');
  target = await subject.reopen();
  expect(await target.actual()).toEqual([]);
  expect(workloads(subject.dataDir)).toEqual([]);
  await apply(target.platform.application('app', '1'));
  expect(await target.platform.running('app', 'main')).toEqual(['1']);
});

test('a workload gets its parameters and nothing of the secrets of the agent', async () => {
  process.env['A_SECRET_OF_THE_AGENT'] = 'hush';
  await apply(sampleApplication('app', 'sleeper', { VERSION: '1', LIMIT: 5, NESTED: { a: [true] } }));
  delete process.env['A_SECRET_OF_THE_AGENT'];
  const environment = workloads(subject.dataDir)[0]?.environment ?? {};
  expect(environment).toMatchObject({
    VERSION: '1',
    LIMIT: '5',
    NESTED: '{"a":[true]}',
    TUTTI_APPLICATION: 'app',
    TUTTI_COMPONENT: 'main',
    TUTTI_STATE_DIR: path.join(folder(), 'data'),
    HTTP_OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel.test:4318',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel.test:4318',
  });
  expect(Object.keys(environment)).not.toContain('A_SECRET_OF_THE_AGENT');
});

test.each(['TUTTI_STATE_DIR', 'not a name', ''])('a parameter named %j is refused', async (name) => {
  const fault = { code: 'invalid', retry: false };
  await expect(apply(sampleApplication('app', 'sleeper', { [name]: '1' }))).rejects.toMatchObject(fault);
  expect(await target.actual()).toEqual([]);
});

test('a parameter whose value no variable can hold is refused by name', async () => {
  const fault = { code: 'invalid', retry: false, message: expect.stringContaining('GREETING') };
  await expect(apply(sampleApplication('app', 'sleeper', { GREETING: 'a\0b' }))).rejects.toMatchObject(fault);
  expect(await target.actual()).toEqual([]);
  await apply(sampleApplication('app', 'sleeper', { GREETING: { nested: 'a\0b' } }));
  expect(workloads(subject.dataDir)[0]?.environment).toMatchObject({ GREETING: '{"nested":"a\\u0000b"}' });
});

test('stopping ends what the workload started too, even in sessions of their own and deaf to signals', async () => {
  await pushSample(subject.registry, 'family', {
    'component.yaml': 'command: [sh, run.sh]\nstop: { grace: 200ms }\n',
    'run.sh':
      "trap '' TERM\nsetsid sh -c \"trap '' TERM; sleep 1000 & wait\" &\nsleep 1001 &\nenv -i sleep 1002 &\nwait; sleep 1003\n",
  });
  const application = sampleApplication('app', 'family');
  await apply(application);
  await until(() => expect(workloads(subject.dataDir).length).toBeGreaterThanOrEqual(4));
  await target.remove(application, 'main', true, { signal: new AbortController().signal, progress: () => undefined });
  expect(await target.platform.leftovers()).toEqual([]);
});

test('a crash loop is slowed down, told with its reason, and ends with the last output in the fault', async () => {
  await pushSample(subject.registry, 'broken', {
    'component.yaml': 'command: [./run.sh]\nrestart: { backoff: { start: 100ms, max: 400ms } }\n',
    'run.sh': '#!/bin/sh\necho started >> "$TUTTI_STATE_DIR/starts"\necho "no database" >&2\nexit 3\n',
  });
  const broken = sampleApplication('app', 'broken', {}, { timeout: 1_200 });
  await expect(apply(broken)).rejects.toMatchObject({
    code: 'start',
    retry: true,
    message: expect.stringMatching(/exited with code 3.*no database/s),
  });
  expect(await component()).toMatchObject({ phase: 'failed', reason: expect.stringContaining('exited with code 3') });
  // 100 + 200 + 400 + 400: without back-off there would be dozens.
  const starts = await readFile(path.join(folder(), 'data', 'starts'), 'utf8');
  expect(starts.trim().split('\n').length).toBeGreaterThanOrEqual(3);
  expect(starts.trim().split('\n').length).toBeLessThanOrEqual(6);
  await subject.close();
  target = await subject.reopen();
  expect(await component()).toMatchObject({ phase: 'failed' });
});

test('an executable that is missing is a fault before the old revision is stopped', async () => {
  await apply(target.platform.application('app', '1'));
  await pushSample(subject.registry, 'empty', { 'component.yaml': 'command: [bin/none]\n' });
  await expect(apply(sampleApplication('app', 'empty'))).rejects.toMatchObject({ code: 'invalid', retry: false });
  await pushSample(subject.registry, 'unknown', { 'component.yaml': 'command: [no-such-program-anywhere]\n' });
  expect(await target.platform.running('app', 'main')).toEqual(['1']);
  await expect(apply(sampleApplication('app', 'unknown'))).rejects.toMatchObject({ code: 'start' });
});

test('health decides: unhealthy after an update is a fault, and the old files are kept until one is healthy', async () => {
  const port = await freePort();
  const serve = `import http from 'node:http';
    http.createServer((q, r) => { r.statusCode = Number(process.env.STATUS); r.end('hi'); }).listen(Number(process.env.PORT), '127.0.0.1');`;
  const yaml = 'command: [node, s.mjs]\nhealth: { http: { portFrom: PORT, path: /h }, interval: 100ms, retries: 2 }\n';
  await pushSample(subject.registry, 'web', { 'component.yaml': yaml, 's.mjs': serve });
  await pushSample(subject.registry, 'web', { 'component.yaml': yaml, 's.mjs': `${serve}//2` }, '2.0.0');
  const web = (status: number, revision: string): DesiredApplication =>
    sampleApplication('app', 'web', { PORT: port, STATUS: status }, { revision, timeout: 1_500 });
  const artifacts = async (): Promise<number> =>
    (await readdir(folder())).filter((n) => n.startsWith('sha256-')).length;

  await apply(web(200, '1.0.0'));
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  await expect(apply(web(503, '2.0.0'))).rejects.toMatchObject({
    code: 'unhealthy',
    message: expect.stringContaining('GET /h answered 503'),
  });
  expect(workloads(subject.dataDir)).toEqual([]);
  expect(await artifacts()).toBe(2);
  await apply(web(200, '2.0.0'));
  await until(async () => expect(await artifacts()).toBe(1));
});

test('a workload that becomes unhealthy is told and seen, and apply starts it anew', async () => {
  await pushSample(subject.registry, 'moody', {
    'component.yaml':
      'command: [sh, run.sh]\nhealth: { command: [sh, check.sh], interval: 100ms, retries: 2 }\nstop: { grace: 1s }\n',
    'run.sh': 'echo $$ >> "$TUTTI_STATE_DIR/starts"\nrm -f "$TUTTI_STATE_DIR/ill"\nexec sleep 1000\n',
    'check.sh': 'test ! -e "$TUTTI_STATE_DIR/ill"\n',
  });
  const moody = sampleApplication('app', 'moody');
  await apply(moody);
  expect(await component()).toMatchObject({ phase: 'running' });
  const end = new AbortController();
  const told = target.watch(end.signal)[Symbol.asyncIterator]().next();
  await writeFile(path.join(folder(), 'data', 'ill'), '');
  expect(await told).toEqual({ done: false, value: 'app' });
  await until(async () =>
    expect(await component()).toMatchObject({ phase: 'failed', reason: expect.stringContaining('unhealthy') }),
  );
  end.abort();
  await apply(moody);
  expect(await component()).toMatchObject({ phase: 'running' });
  expect(await target.platform.starts('app', 'main')).toBe(2);
});

test('with the same artifact new parameters need no registry', async () => {
  await apply(target.platform.application('app', '1'));
  subject.registry.unreachable = true;
  await apply(target.platform.application('app', '2'));
  expect(await target.platform.running('app', 'main')).toEqual(['2']);
  const elsewhere = sampleApplication('new', 'sleeper');
  await expect(apply(elsewhere)).rejects.toMatchObject({ code: 'artifact', retry: true });
});

test('its data survives updates and a plain remove, and is deleted on purge', async () => {
  const application = target.platform.application('app', '1');
  const call = { signal: new AbortController().signal, progress: () => undefined };
  await apply(application);
  await target.remove(application, 'main', false, call);
  await expect(readdir(folder())).resolves.toEqual(['data']);
  expect(await target.actual()).toEqual([]);
  await target.remove(application, 'main', true, call);
  expect(await target.platform.leftovers()).toEqual([]);
});

test('logs are rotated while the process writes on, and told from the end', async () => {
  await pushSample(subject.registry, 'chatty', {
    'component.yaml': 'command: [sh, run.sh]\nstop: { grace: 1s }\n',
    'run.sh': 'i=0; while :; do i=$((i+1)); echo "line $i of a program that talks a lot"; sleep 0.01; done\n',
  });
  await apply(sampleApplication('app', 'chatty'));
  const files = (): Promise<string[]> => readdir(path.join(folder(), 'logs'));
  await until(async () => expect(await files()).toEqual(['output.log', 'output.log.1', 'output.log.2']));
  const lines = await target.logs('app', 'main', 5);
  expect(lines).toHaveLength(5);
  const numbers = lines.map((line) => Number(/^line (\d+) of/.exec(line)?.[1]));
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(numbers.every((number) => number > 0)).toBe(true);
});

test('a wall clock that is set back holds up neither a start nor an end', async () => {
  await pushSample(subject.registry, 'deaf', {
    'component.yaml': 'command: [sh, run.sh]\nstop: { grace: 200ms }\n',
    'run.sh': "trap '' TERM\nwhile :; do sleep 1000; done\n",
  });
  const application = sampleApplication('app', 'deaf', {}, { timeout: 3_000 });
  let time = Date.now();
  const falling = vi.spyOn(Date, 'now').mockImplementation(() => {
    time -= 7_200_000;
    return time;
  });
  try {
    await apply(application);
    await target.remove(application, 'main', true, { signal: new AbortController().signal, progress: () => undefined });
  } finally {
    falling.mockRestore();
  }
  expect(await target.platform.leftovers()).toEqual([]);
});

test('without wait it resolves once the process is started', async () => {
  await apply(sampleApplication('app', 'stuck', {}, { wait: false }));
  expect(await component()).toMatchObject({ phase: 'installing' });
  expect(workloads(subject.dataDir).length).toBeGreaterThan(0);
});

test('ended is ended: policy never is not started again', async () => {
  await pushSample(subject.registry, 'once', {
    'component.yaml': 'command: [sh, -c, "sleep 0.2; exit 4"]\nrestart: { policy: never }\n',
  });
  await apply(sampleApplication('app', 'once'));
  await until(async () => expect(await component()).toMatchObject({ phase: 'failed', reason: 'exited with code 4' }));
  expect(workloads(subject.dataDir)).toEqual([]);
});
