import { execFileSync } from 'node:child_process';
import { appendFile, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import {
  type ApplyCall,
  collection,
  componentDigest,
  type Definition,
  type DesiredApplication,
  defineManager,
  defineProvider,
  EventBus,
  eventType,
  every,
  SecretProvider,
  StateProvider,
  TargetProvider,
} from '../../core/plugin/index.js';
import { formatIntegrity } from '../../core/plugin/integrity.js';
import { pinOf } from '../../core/plugin/pin.js';
import { startTestHost, type TestHost } from '../../core/testing/index.js';
import memoryEvents from '../../providers/events/memory/index.js';
import memoryState from '../../providers/state/memory/index.js';
import bindingHttp from '../../vendors/http/index.js';
import vendorSystem from '../../vendors/system/index.js';

const toy = fileURLToPath(new URL('toy.js', inject('programs')));

/** What the profile's entries provide, for the test. */
interface Held {
  readonly targets: ReadonlyMap<string, TargetProvider>;
  readonly secrets: ReadonlyMap<string, SecretProvider>;
  readonly events: ReadonlyMap<string, EventBus>;
  readonly states: ReadonlyMap<string, StateProvider>;
}

/**
 * @param entries the rest of the profile, as a template has it
 * @param more what they may name besides
 */
async function host(
  entries: string,
  more: readonly Definition[] = [],
): Promise<TestHost & { readonly held: () => Held }> {
  let held: Held | undefined;
  const holder = defineManager({
    type: 'manager.holder',
    version: '1.0.0',
    uses: {
      targets: every(TargetProvider),
      secrets: every(SecretProvider),
      events: every(EventBus),
      states: every(StateProvider),
    },
    create: ({ uses }) => {
      held = uses;
      return {};
    },
  });
  const running = await startTestHost({
    profile: `profile: isolated\nplugins: [${JSON.stringify(toy)}]\n${entries}`,
    definitions: [...more, holder, memoryEvents, memoryState, bindingHttp, vendorSystem],
  });
  return Object.assign(running, {
    held: () => {
      if (!held) throw new Error('the profile has no holder');
      return held;
    },
  });
}

function only<T>(all: ReadonlyMap<string, T>): T {
  const [one] = all.values();
  if (one === undefined) throw new Error('there is none');
  return one;
}

const http = 'bindings:\n  http: { type: binding.http, config: { tls: off, port: 0 } }';
const holding = 'managers:\n  holder: { type: manager.holder }';

const component = { name: 'only', repository: 'oci://a/b', revision: '1', wait: true, timeout: 1 };
const application: DesiredApplication = {
  id: 'id',
  name: 'app',
  applicationId: 'x',
  deploymentType: 'custom',
  components: [{ ...component, properties: {}, parameters: {} }],
};

function calling(progress: (text: string) => void = () => undefined): ApplyCall {
  return { signal: new AbortController().signal, progress };
}

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

describe.each(['thread', 'process'])('in a %s', (kind) => {
  it('a vendor answers over a binding, with its problems and its streams', async () => {
    await using of = await host(`vendors:\n  toy: { type: vendor.toy, isolation: ${kind} }\n${http}`);
    const answer = await fetch(`${of.url}/echo?text=hello`, { headers: { 'x-correlation-id': 'shift-7' } });
    expect(await answer.json()).toMatchObject({
      text: 'hello',
      correlationId: 'shift-7',
      mainThread: kind === 'process',
    });
    const refused = await fetch(`${of.url}/echo?text=conflict`);
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { type: 'urn:tutti:problem:conflict', detail: 'told so', errors: [{ field: 'text', message: 'no' }] },
    ]);
    const leave = new AbortController();
    const counting = await fetch(`${of.url}/count`, { signal: leave.signal, headers: { accept: 'text/event-stream' } });
    const first = await counting.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toContain('{"n":0}');
    leave.abort();
    expect((await fetch(`${of.url}/echo?text=again`)).status).toBe(200);
  });

  it('a target is called back, aborted and watched', async () => {
    await using of = await host(`providers:\n  target: { type: target.toy, isolation: ${kind} }\n${holding}`);
    const target = only(of.held().targets);
    const said: string[] = [];
    await target.apply(
      application,
      'only',
      calling((text) => said.push(text)),
    );
    await expect.poll(() => said).toEqual(['begun', 'done']);
    const [desired] = application.components;
    const applied = desired && componentDigest(desired, { properties: ['*'], parameters: ['*'] });
    expect(await target.actual()).toEqual([
      { id: 'id', name: 'id', components: [{ name: 'only', phase: 'running', applied }] },
    ]);
    expect('preview' in target).toBe(false);
    const stop = new AbortController();
    const waiting = target.apply({ ...application, name: 'waits' }, 'only', {
      signal: stop.signal,
      progress: () => stop.abort(new Error('enough')),
    });
    await expect(waiting).rejects.toThrow('enough');
    const ids: string[] = [];
    for await (const id of target.watch(new AbortController().signal)) ids.push(id);
    expect(ids).toEqual(['a', 'b']);
  });

  it('faults arrive as what they are, and what breaks is a fault of the port', async () => {
    await using of = await host(
      `providers:\n  secret: { type: secret.toy, isolation: ${kind} }\n  target: { type: target.toy, isolation: ${kind}, config: { apply: exit } }\n${holding}`,
    );
    const { secrets, targets } = of.held();
    await expect(only(secrets).get('none')).rejects.toMatchObject({ name: 'SecretFault', reason: 'not-found' });
    expect(await only(secrets).get('db')).toBe('secret of db');
    await expect(only(targets).apply(application, 'only', calling())).rejects.toMatchObject({
      name: 'TargetFault',
      code: 'platform',
      retry: true,
    });
    expect(of.log()).toContain('"entry":"secret","message":"asked"');
  });

  it('a manager hears events and keeps state of the host', async () => {
    await using of = await host(
      `providers:\n  events: { type: events.memory }\n  state: { type: state.memory }\nmanagers:\n  sink: { type: manager.toy-sink, isolation: ${kind} }\n  holder: { type: manager.holder }`,
    );
    const events = only(of.held().events);
    const got: unknown[] = [];
    events.subscribe(eventType('toy.told'), 'test', (payload) => void got.push(payload));
    await events.publish(eventType('toy.heard'), { n: 7 });
    await expect.poll(() => got).toEqual([{ n: 7 }]);
    expect((await only(of.held().states).get(collection('toy-kept'), '7'))?.value).toEqual({ n: 7 });
  });

  it('a call to the host is waited for as long as it takes', async () => {
    let give: (value: string) => void = () => undefined;
    const slow = defineProvider({
      port: SecretProvider,
      type: 'secret.slow',
      version: '1.0.0',
      create: () => ({
        get: () =>
          new Promise<string>((resolve) => {
            give = resolve;
          }),
      }),
    });
    await using of = await host(
      `providers:\n  events: { type: events.memory }\n  secrets: { type: secret.slow }\nmanagers:\n  asker: { type: manager.toy-asker, isolation: ${kind} }\n  holder: { type: manager.holder }`,
      [slow],
    );
    const events = only(of.held().events);
    const told: unknown[] = [];
    events.subscribe(eventType('toy.patient'), 'test', (payload) => {
      told.push(payload);
      give('at last');
    });
    events.subscribe(eventType('toy.answered'), 'test', (payload) => void told.push(payload));
    await events.publish(eventType('toy.asked'), { name: 'db' });
    await expect.poll(() => told).toEqual([{ over: false }, { value: 'at last' }]);
  });

  it('one that logs without end, or prints a line without one, fills nobody', async () => {
    await using of = await host(
      `vendors:\n  bad: { type: vendor.toy, path: /bad, isolation: ${kind} }\n  system: { type: vendor.system }\n${http}`,
    );
    expect((await fetch(`${of.url}/bad/flood`, post({}))).status).toBe(200);
    await expect.poll(() => of.log()).toMatch(/"entry":"bad","message":"\d+ lines were left out/);
    expect((of.log().match(/"message":"flooding"/g) ?? []).length).toBeLessThanOrEqual(1_000);
    expect((await fetch(`${of.url}/livez`)).status).toBe(200);
    expect((await fetch(`${of.url}/bad/misdo`, post({ what: 'endless' }))).status).toBe(200);
    await expect.poll(() => of.log()).toContain('"message":"xxxx');
    expect(
      Math.max(
        ...of
          .log()
          .split('\n')
          .map(({ length }) => length),
      ),
    ).toBeLessThan(20_000);
  });

  it('of what it prints, each line is in the log or is told to be left out', async () => {
    await using of = await host(`vendors:\n  bad: { type: vendor.toy, isolation: ${kind} }\n${http}`);
    expect((await fetch(`${of.url}/misdo`, post({ what: 'chatter' }))).status).toBe(200);
    const counted = (): number => {
      const told = [...of.log().matchAll(/"message":"(\d+) lines were left out/g)];
      const left = told.reduce((sum, [, count]) => sum + Number(count), 0);
      return left + (of.log().match(/"message":"tick"/g) ?? []).length;
    };
    await expect.poll(counted).toBe(20_000);
    expect((of.log().match(/"message":"tick"/g) ?? []).length).toBeLessThan(20_000);
  });

  it.each(['exit', 'never', 'spin'])('one whose drain does %s is stopped with the others, once', async (what) => {
    const of = await host(
      `host: { deadlines: { start: 50s, drain: 1s, stop: 1s } }\nvendors:\n  bad: { type: vendor.toy, isolation: ${kind}, config: { drain: ${what} } }\n${http}`,
    );
    await of.stop();
    expect(of.log()).toContain('bad did not drain');
    expect(of.log()).not.toContain('started again');
  });

  it.each(['spin', 'exit', 'memory', 'reject'])(
    'one that does %s leaves the others alone, and comes back',
    async (what) => {
      await using of = await host(
        `vendors:\n  bad: { type: vendor.toy, path: /bad, isolation: { kind: ${kind}, memory: 64Mi } }\n  system: { type: vendor.system }\n${http}`,
      );
      const misdeed = fetch(`${of.url}/bad/misdo`, post({ what }));
      expect((await fetch(`${of.url}/livez`)).status).toBe(200);
      const answer = await misdeed;
      expect([answer.status, await answer.json()]).toMatchObject([503, { type: 'urn:tutti:problem:unavailable' }]);
      expect((await fetch(`${of.url}/readyz`)).status).toBe(200);
      await expect.poll(async () => (await fetch(`${of.url}/bad/echo?text=back`)).status).toBe(200);
      expect(of.log()).toMatch(/"entry":"bad","message":"the isolated entry ended: .*; started again in /);
    },
  );

  it('one whose health cannot be had is not ready, and the others go on', async () => {
    await using of = await host(
      `vendors:\n  bad: { type: vendor.toy, path: /bad, isolation: ${kind}, config: { health: throw } }\n  system: { type: vendor.system }\n${http}`,
    );
    await expect
      .poll(() => of.status.entries().find(({ name }) => name === 'bad')?.health)
      .toEqual({ status: 'failed', reason: 'thrown on purpose' });
    expect((await fetch(`${of.url}/bad/echo?text=still`)).status).toBe(200);
  });

  it.each([
    ['create', 'throw', 'thrown on purpose', '50s'],
    ['create', 'promise', 'its create made a promise', '50s'],
    ['create', 'nothing', 'its create made undefined', '50s'],
    ['start', 'throw', 'thrown on purpose', '50s'],
    ['start', 'exit', 'exit code 3', '50s'],
    ['start', 'never', 'start took longer than 5000 ms', '5s'],
  ])('a host does not start with one whose %s does %s, and says so', async (where, what, reason, deadline) => {
    const starting = host(
      `host: { deadlines: { start: ${deadline}, stop: 1s } }\nvendors:\n  bad: { type: vendor.toy, isolation: ${kind}, config: { ${where}: ${what} } }\n${http}`,
    );
    await expect(starting).rejects.toThrow(new RegExp(`bad: .*${reason}`));
  });

  it('what it sends that nobody asked for, or that is too deep, ends no more than its call', async () => {
    await using of = await host(`vendors:\n  toy: { type: vendor.toy, isolation: ${kind} }\n${http}`);
    expect((await fetch(`${of.url}/misdo`, post({ what: 'foreign' }))).status).toBe(200);
    expect((await fetch(`${of.url}/dig?levels=400`)).status).toBe(200);
    for (const levels of [600, 3_000, 100_000])
      expect((await fetch(`${of.url}/dig?levels=${levels}`)).status).toBe(500);
    expect((await fetch(`${of.url}/echo?text=still`)).status).toBe(200);
    expect(of.log()).not.toContain('the isolated entry ended');
  });

  it('what cannot even be read ends the isolate at most', async () => {
    await using of = await host(`vendors:\n  toy: { type: vendor.toy, isolation: ${kind} }\n${http}`);
    await fetch(`${of.url}/misdo`, post({ what: 'abyss' }));
    if (kind === 'thread')
      await expect.poll(() => of.log()).toContain('the isolated entry ended: it sent what cannot be read');
    await expect.poll(async () => (await fetch(`${of.url}/echo?text=still`)).status).toBe(200);
  });

  it('an operation that takes longer than its deadline is a problem of its own', async () => {
    await using of = await host(
      `vendors:\n  toy: { type: vendor.toy, isolation: { kind: ${kind}, deadline: 1s } }\n${http}`,
    );
    const late = await fetch(`${of.url}/misdo`, post({ what: 'never' }));
    expect([late.status, await late.json()]).toMatchObject([504, { type: 'urn:tutti:problem:timeout' }]);
  });

  it('a line is logged as without isolation, whatever its fields hold', async () => {
    await using of = await host(
      `vendors:\n  here: { type: vendor.toy, path: /here }\n  toy: { type: vendor.toy, isolation: ${kind} }\n${http}`,
    );
    const told = async (path: string, what: string): Promise<Record<string, unknown>> => {
      await fetch(`${of.url}${path}/tell`, post({ what }));
      const line = (): string | undefined =>
        of
          .log()
          .split('\n')
          .find((one) => one.includes(what));
      await expect.poll(line).toBeDefined();
      const { error, request, lazy, n } = JSON.parse(line() ?? '') as Record<string, unknown>;
      return { message: (error as Error).message, request, lazy, n };
    };
    const here = await told('/here', 'told-here');
    expect(here).toEqual({
      message: 'refused',
      request: { agent: { request: '[circular]' } },
      lazy: '[unreadable: not now]',
      n: 7,
    });
    expect(await told('', 'told-there')).toEqual(here);
  });

  it('one that spins when it is stopped is ended', async () => {
    const of = await host(
      `host: { deadlines: { start: 30s, stop: 1s } }\nvendors:\n  bad: { type: vendor.toy, isolation: ${kind}, config: { stop: spin } }\n${http}`,
    );
    await of.stop();
    expect(of.log()).toContain('bad did not stop');
  });
});

it('a thread in native code is given up: its calls fail, its health says why, and nothing waits for it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-blocked-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const of = await host(
    `host: { deadlines: { start: 50s, stop: 40s } }\nvendors:\n  bad: { type: vendor.toy, isolation: thread, config: { pipe: ${pipe} } }\n${http}`,
  );
  // It reads to its end what is written here, and then can be ended.
  onTestFinished(() => writeFile(pipe, ''));
  const answer = await fetch(`${of.url}/misdo`, post({ what: 'block' }));
  expect([answer.status, await answer.json()]).toMatchObject([503, { type: 'urn:tutti:problem:unavailable' }]);
  await expect
    .poll(() => of.status.entries().find(({ name }) => name === 'bad')?.health)
    .toMatchObject({ status: 'failed', reason: expect.stringContaining('its thread is in native code') });
  await of.stop();
  expect(of.log()).toContain('bad did not stop: it did not answer for 10 s; its thread is in native code');
});

it('an isolate refuses a pinned plugin that has changed since the host looked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-pinned-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'toy.ts');
  await copyFile(fileURLToPath(new URL('toy/index.ts', import.meta.url)), file);
  const pinned = formatIntegrity(await pinOf({ specifier: file, from: join(tmpdir(), 'profile.yaml') }));
  await using of = await startTestHost({
    profile: `profile: pinned\nplugins: [{ from: ${file}, integrity: ${pinned} }]\nvendors:\n  toy: { type: vendor.toy, isolation: thread }\n${http}`,
    definitions: [bindingHttp],
  });
  expect((await fetch(`${of.url}/echo?text=first`)).status).toBe(200);
  await appendFile(file, '// changed\n');
  await fetch(`${of.url}/misdo`, post({ what: 'exit' }));
  await expect.poll(() => of.log()).toMatch(/the isolated entry ended: .*is not what is pinned here/);
});

describe('what cannot be isolated', () => {
  it.each([
    ['providers:\n  a: { type: events.memory, isolation: thread }', 'no module exports it'],
    ['bindings:\n  a: { type: binding.http, isolation: thread }', 'a binding hands calls to the host as they come'],
    [
      'managers:\n  a: { type: manager.toy-closed, isolation: thread }',
      'it provides "manager.toy-closed", which has no boundary',
    ],
    ['providers:\n  a: { type: state.toy, isolation: process }', 'a store calls the index functions'],
    ['vendors:\n  a: { type: vendor.toy-open, isolation: process }', 'does not declare its operations'],
    ['vendors:\n  a: { type: vendor.toy, isolation: sandbox }', 'expected one of "none", "thread", "process"'],
    ['vendors:\n  a: { type: vendor.toy, isolation: { kind: thread, memory: 5 } }', 'such as 256Mi'],
    ['vendors:\n  a: { type: vendor.toy, isolation: { kind: process, memory: 31Mi } }', 'expected at least 32Mi'],
    ['vendors:\n  a: { type: vendor.toy, isolation: { kind: thread, deadline: 35792m } }', 'expected at most 35000m'],
  ])('%s is a fault of the profile', async (entries, words) => {
    await expect(host(`${entries}\n${entries.startsWith('vendors') ? http : ''}`)).rejects.toThrow(words);
  });

  it('none is as if nothing were said', async () => {
    await using of = await host(`vendors:\n  toy: { type: vendor.toy, isolation: none }\n${http}`);
    expect(await (await fetch(`${of.url}/echo?text=here`)).json()).toMatchObject({ text: 'here', pid: process.pid });
  });
});
