import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, nobody } from '../../core/client/index.js';
import { describeWith, type MosquittoPart } from '../parts/index.js';
import { callsOver } from './suite.js';
import { operations, type Toys } from './toys.js';
import { Closing, mosquittoWorld, startBinding, startToys, startTransport } from './worlds.js';

const users = ['device-a', 'device-b'];

describeWith(['mosquitto'], 'calls by way of mosquitto', (start) => {
  describe.each([
    ['5', 'passwords'],
    ['3.1.1', 'passwords'],
    ['5', 'certificates'],
  ] as const)('in MQTT %s, with %s', (protocol, by) => {
    let mosquitto: MosquittoPart;
    beforeAll(async () => {
      mosquitto = await start.mosquitto({ by, users });
    });
    afterAll(() => mosquitto.stop());
    callsOver(async () => mosquittoWorld(mosquitto, protocol));
  });
});

describeWith(['mosquitto'], 'a host at a mosquitto with passwords', (start) => {
  const closing = new Closing();
  let mosquitto: MosquittoPart;
  let toys: Toys;
  beforeAll(async () => {
    mosquitto = await start.mosquitto({ by: 'passwords', users });
  });
  afterAll(() => mosquitto.stop());
  beforeEach(async () => {
    toys = await startToys(closing);
  });
  afterEach(() => closing.close());

  const serve = (config: object = {}) =>
    startBinding(closing, toys, { config: { ...mosquitto.client('host'), ...config } });
  const callerOf = (user: string, options: object = {}) =>
    clientOf(operations, {
      transport: startTransport(closing, { ...mosquitto.client(user), name: user, ...options }),
      prefix: '/toy',
      credentials: nobody,
    });

  /** mosquitto_sub, listening, with all that it says line by line. */
  async function listener(user: string, topic: string, ...args: string[]) {
    const child = spawn(
      'stdbuf',
      ['-oL', 'mosquitto_sub', ...mosquitto.arguments(user), '-t', topic, '-q', '1', '-d', ...args],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    closing.add(() => void child.kill('SIGKILL'));
    let heard = '';
    const subscribed = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        heard += chunk.toString('latin1');
        if (heard.includes('Subscribed')) resolve();
      });
    });
    await subscribed;
    return { heard: () => heard, kill: () => child.kill('SIGKILL') };
  }

  it('does not start with a wrong password, and tells nothing of it', async () => {
    const passwordFile = join(mosquitto.directory, 'wrong');
    writeFileSync(passwordFile, 'not the password');
    const started = serve({ passwordFile });
    await expect(started).rejects.toThrow(/refuses these credentials/);
    await expect(started).rejects.not.toThrow(/not the password/);
  });

  it('does not start at a broker that it cannot trust', async () => {
    await expect(serve({ ca: undefined })).rejects.toThrow(/is not trusted/);
    await serve();
    await expect(callerOf('device-a', { ca: undefined }).add({ a: 2 })).rejects.toMatchObject({ reason: 'untrusted' });
  });

  it('starts before its broker does, and serves once that is there', async () => {
    await mosquitto.kill();
    const { instance } = await serve();
    expect(instance.health?.()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('is not there') });
    await mosquitto.restart();
    await expect.poll(() => instance.health?.().status).toBe('ok');
    expect(await callerOf('device-a').add({ a: 2 })).toEqual({ sum: 3 });
  });

  it('serves callers of MQTT 3.1.1 and 5 side by side', async () => {
    await serve({ protocol: 'auto' });
    expect(await callerOf('device-a', { protocol: '5' }).add({ a: 2 })).toEqual({ sum: 3 });
    expect(await callerOf('device-b', { protocol: '3.1.1' }).add({ a: 2 })).toEqual({ sum: 3 });
    expect(await callerOf('device-b', { protocol: 'auto' }).add({ a: 2 })).toEqual({ sum: 3 });
  });

  it('is kept to itself: one device neither calls nor hears as another', async () => {
    await serve();
    await expect(callerOf('device-b', { name: 'device-a', protocol: '5', timeout: 1 }).add({ a: 2 })).rejects.toThrow(
      /does not let this client/,
    );
    const spy = await listener('device-b', 'tutti/device-a/#');
    const { heard } = await listener('device-a', 'tutti/device-a/reply/s');
    const publish = (user: string, id: string) =>
      mosquitto.run('mosquitto_pub', user, [
        ...['-t', 'tutti/device-a/call/toy.add', '-q', '1'],
        ...['-m', `{"id":"${id}","replyTo":"tutti/device-a/reply/s"}\n{"a":2}`],
      ]);
    await publish('device-b', 'forged');
    await publish('device-a', 'own');
    await expect.poll(heard).toContain('"id":"own"');
    expect(heard()).not.toContain('forged');
    expect(spy.heard()).not.toContain('sum');
  });

  it('is of use to mosquitto_pub and mosquitto_sub in MQTT 5', async () => {
    await serve();
    const { heard } = await listener('device-a', 'tutti/device-a/reply/me', '-V', '5', '-F', '%P|%D|%p');
    const { code } = await mosquitto.run('mosquitto_pub', 'device-a', [
      ...['-V', '5', '-q', '1', '-t', 'tutti/device-a/call/toy.add', '-m', '{"a":40,"b":2}'],
      ...['-D', 'publish', 'response-topic', 'tutti/device-a/reply/me'],
      ...['-D', 'publish', 'correlation-data', 'first'],
      ...['-D', 'publish', 'user-property', 'x-correlation-id', 'mine'],
    ]);
    expect(code).toBe(0);
    await expect.poll(heard).toContain('{"sum":42}');
    for (const part of ['kind:value', 'status:200', 'etag:"v42"', 'x-correlation-id:mine', 'first']) {
      expect(heard()).toContain(part);
    }
  });

  it('answers a malformed call with the problem that HTTP has for it', async () => {
    await serve();
    const { heard } = await listener('device-a', 'tutti/device-a/reply/me');
    const publish = (text: string) =>
      mosquitto.run('mosquitto_pub', 'device-a', ['-q', '1', '-t', 'tutti/device-a/call/toy.add', '-m', text]);
    await publish('no JSON at all');
    await publish('{"replyTo":"tutti/device-b/reply/me"}\n{}');
    await publish('{"id":"bad","replyTo":"tutti/device-a/reply/me"}\n{"a":');
    await expect.poll(heard).toMatch(/"id":"bad","kind":"problem","status":400.*\n.*urn:tutti:problem:invalid-request/);
    await publish('{"id":"worse","replyTo":"tutti/device-a/reply/me","timeout":-1}\n{"a":1}');
    await expect.poll(heard).toMatch(/"id":"worse","kind":"problem","status":400/);
  });

  it('ends the streams of a caller whose last will comes', async () => {
    await serve();
    const arrived = toys.entered('toy.watch');
    const { kill } = await listener(
      'device-a',
      'tutti/device-a/reply/me',
      ...['--will-topic', 'tutti/device-a/control', '--will-qos', '1'],
      ...['--will-payload', '{"type":"gone","session":"me"}'],
    );
    await mosquitto.run('mosquitto_pub', 'device-a', [
      ...['-q', '1', '-t', 'tutti/device-a/call/toy.watch', '-m', '{"id":"w","replyTo":"tutti/device-a/reply/me"}\n{}'],
    ]);
    await arrived;
    expect(toys.watching()).toBe(1);
    kill();
    await expect.poll(() => toys.watching()).toBe(0);
  });
});

describeWith(['mosquitto'], 'a host at a mosquitto with client certificates', (start) => {
  const closing = new Closing();
  let mosquitto: MosquittoPart;
  beforeAll(async () => {
    mosquitto = await start.mosquitto({ by: 'certificates', users });
  });
  afterAll(() => mosquitto.stop());
  afterEach(() => closing.close());

  it('takes names that the broker vouches for, if it is told to, and refuses who shows no certificate', async () => {
    const toys = await startToys(closing);
    const config = mosquitto.client('host');
    const whoAmI = (user: string, options: object = {}) =>
      clientOf(operations, {
        transport: startTransport(closing, { ...mosquitto.client(user), name: user, ...options }),
        prefix: '/toy',
        credentials: nobody,
      }).who({});
    const plain = await startBinding(closing, toys, { config });
    await expect(whoAmI('device-a')).rejects.toMatchObject({ kind: { status: 401 } });
    await plain.dispose();
    await startBinding(closing, toys, { config: { ...config, names: 'certificates' } });
    expect(await whoAmI('device-a')).toEqual({ id: 'device-a' });
    expect(await whoAmI('device-b')).toEqual({ id: 'device-b' });
    await expect(whoAmI('device-b', { name: 'device-a' })).rejects.toThrow(/does not let this client/);
    await expect(whoAmI('device-b', { certificate: undefined, key: undefined })).rejects.toMatchObject({
      reason: 'unreachable',
    });
  });
});
