import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { connectAsync, type IClientOptions, MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/host/index.js';
import { createAuthority, issueDeviceCertificate, SigningKey } from '../../../core/identity/index.js';
import type { Broker } from '../../../core/ports/index.js';
import { type TestContext, testContext } from '../../../core/testing/index.js';
import aedes from './index.js';
import { PacketLimit } from './packet-limit.js';

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(config: object = {}): Promise<TestContext<Broker>> {
  const broker = await testContext<Broker>(aedes, { config: { port: 0, tls: 'off', ...config }, clock: systemClock });
  closing.push(() => broker.dispose());
  await broker.start();
  return broker;
}

async function client(broker: TestContext<Broker>, options: IClientOptions): Promise<MqttClient> {
  const [url = ''] = broker.instance.addresses();
  const connected = await connectAsync(url, { reconnectPeriod: 0, ...options }, false);
  closing.push(() => connected.endAsync(true));
  return connected;
}

/** Resolves when the broker has broken the connection. */
const cut = async (connected: MqttClient): Promise<void> => {
  if (connected.connected) await new Promise<void>((resolve) => connected.once('close', () => resolve()));
};

let hosts = 0;
/** A connection of the host itself. */
async function host(broker: TestContext<Broker>): Promise<MqttClient> {
  const ours = new MqttClient(() => broker.instance.connect() as never, {
    clientId: `host-${++hosts}`,
    reconnectPeriod: 0,
  });
  closing.push(() => ours.endAsync(true));
  await new Promise<void>((resolve) => ours.once('connect', () => resolve()));
  return ours;
}

describe('a broker for one machine', () => {
  it('lets a client use what is below its client id, and nothing else', async () => {
    const broker = await start();
    const [a, b] = [await client(broker, { clientId: 'a' }), await client(broker, { clientId: 'b' })];
    expect(await a.subscribeAsync('tutti/a/reply/s', { qos: 1 })).toMatchObject([{ qos: 1 }]);
    for (const filter of ['tutti/a/reply/s', 'tutti/#', '#', 'tutti/+/reply/s', '$SYS/#', 'tutti/a/#']) {
      await expect(b.subscribeAsync(filter, { qos: 1 }), filter).rejects.toThrow();
    }
    const heard = new Promise<string>((resolve) => a.once('message', (_topic, payload) => resolve(payload.toString())));
    for (const topic of [
      'tutti/a/reply/s',
      'tutti/a/call/x',
      'tutti/forger/reply/s',
      'tutti/forger/x',
      'tutti/forger/call/x/y',
    ]) {
      const forger = await client(broker, { clientId: 'forger' });
      forger.publish(topic, 'forged', { qos: 1 });
      await cut(forger);
    }
    const ours = await host(broker);
    await ours.publishAsync('tutti/a/reply/s', 'true', { qos: 1 });
    expect(await heard).toBe('true');
  });

  it('keeps nothing for later comers', async () => {
    const broker = await start();
    const a = await client(broker, { clientId: 'a' });
    a.publish('tutti/a/control', 'x', { qos: 1, retain: true });
    await cut(a);
  });

  it('keeps nothing for clients that are away, whatever they ask for', async () => {
    const broker = await start();
    const left = await client(broker, { clientId: 'a', clean: false });
    await left.subscribeAsync('tutti/a/reply/s', { qos: 1 });
    await left.endAsync();
    await (await host(broker)).publishAsync('tutti/a/reply/s', 'missed', { qos: 1 });
    const back = await client(broker, { clientId: 'a', clean: false });
    const heard: string[] = [];
    back.on('message', (_topic, payload) => heard.push(payload.toString()));
    await back.subscribeAsync('tutti/a/reply/s', { qos: 1 });
    await (await host(broker)).publishAsync('tutti/a/reply/s', 'heard', { qos: 1 });
    await expect.poll(() => heard).toEqual(['heard']);
  });

  it('lets nobody take the place of the host, nor of another client', async () => {
    const broker = await start();
    const ours = new MqttClient(() => broker.instance.connect() as never, {
      clientId: 'tutti-host',
      reconnectPeriod: 0,
    });
    closing.push(() => ours.endAsync(true));
    await new Promise<void>((resolve) => ours.once('connect', () => resolve()));
    await expect(client(broker, { clientId: 'tutti-host' })).rejects.toThrow(/[Nn]ot authorized/);
    await expect(client(broker, { clientId: 'a/b' })).rejects.toThrow(/[Nn]ot authorized/);
    expect(ours.connected).toBe(true);
    await ours.subscribeAsync('tutti/+/call/+', { qos: 1 });
  });

  it('speaks 3.1.1, and says so to who speaks 5', async () => {
    await expect(client(await start(), { clientId: 'a', protocolVersion: 5 })).rejects.toMatchObject({ code: 1 });
  });

  it('breaks with who sends too large a packet', async () => {
    const broker = await start({ maxPacket: 2048 });
    const a = await client(broker, { clientId: 'a' });
    await a.publishAsync('tutti/a/control', 'x'.repeat(1900), { qos: 1 });
    a.publish('tutti/a/control', 'x'.repeat(2100), { qos: 1 });
    await cut(a);
  });

  it('listens only after start, and to nobody once it is stopped', async () => {
    const broker = await testContext<Broker>(aedes, { config: { port: 0, tls: 'off' } });
    expect(broker.instance.addresses()).toEqual([]);
    await broker.start();
    const [url = ''] = broker.instance.addresses();
    await broker.dispose();
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
    await expect(once(socket, 'connect')).rejects.toThrow(/ECONNREFUSED/);
    expect(() => broker.instance.connect()).toThrow(/not running/);
  });

  it('says whose port it wants', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    closing.push(() => taken.close());
    const { port } = taken.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(`port ${port} of 127.0.0.1 is taken`);
  });
});

describe('a broker with accounts', () => {
  it('knows clients by user and password', async () => {
    const passwords = await testContext<Broker>(aedes, { config: {} });
    closing.push(() => passwords.dispose());
    const file = join(passwords.dataDir, 'password');
    await writeFile(file, 'right\n');
    const users = [
      { name: 'a', passwordFile: file },
      { name: 'b', passwordFile: file },
    ];
    const broker = await start({ users });
    const a = await client(broker, { username: 'a', password: 'right', clientId: 'any' });
    expect(await a.subscribeAsync('tutti/a/reply/s', { qos: 1 })).toMatchObject([{ qos: 1 }]);
    await expect(a.subscribeAsync('tutti/b/reply/s')).rejects.toThrow();
    for (const wrong of [{ username: 'a', password: 'wrong' }, { username: 'c', password: 'right' }, {}]) {
      await expect(client(broker, wrong)).rejects.toMatchObject({ code: 4 });
    }
    const asAnother = client(broker, { username: 'a', password: 'right', clientId: 'b' });
    await expect(asAnother).rejects.toMatchObject({ code: 5 });
    await writeFile(file, '');
    await expect(start({ users })).rejects.toThrow(/is empty/);
  });

  it.each([
    [{ host: '0.0.0.0' }, /show who they are/],
    [{ host: '0.0.0.0', tls: 'off', users: [{ name: 'a', passwordFile: 'f' }] }, /without TLS/],
    [{ tls: 'off', clientCa: 'ca' }, /need TLS/],
    [{ tls: 'files' }, /certificate and key/],
    [{ users: [{ name: 'a/b', passwordFile: 'f' }] }, /without/],
  ])('refuses %j', async (config, why) => {
    await expect(testContext(aedes, { config })).rejects.toThrow(why);
  });
});

describe('a broker that asks for certificates', () => {
  it('knows clients by them, and shows them to the host', async () => {
    const now = Date.now();
    const authority = await createAuthority({ commonName: 'Clients', now });
    const files = await testContext<Broker>(aedes, { config: {} });
    closing.push(() => files.dispose());
    const clientCa = join(files.dataDir, 'clients.crt');
    await writeFile(clientCa, authority.certificate.pem);
    const broker = await start({ tls: 'auto', clientCa });
    const ca = await readFile(join(broker.dataDir, 'pki', 'ca.crt'));
    const show = async (name: string, signer = authority): Promise<IClientOptions> => {
      const key = SigningKey.generate();
      const { pem } = await issueDeviceCertificate(signer, { name, key: key.verificationKey, now });
      return { ca, cert: pem, key: key.exportPem() };
    };
    const shown = await show('a');
    const a = await client(broker, { ...shown, clientId: 'any' });
    expect(await a.subscribeAsync('tutti/a/reply/s', { qos: 1 })).toMatchObject([{ qos: 1 }]);
    await expect(a.subscribeAsync('tutti/any/reply/s')).rejects.toThrow();
    const proven = Buffer.from(broker.instance.certificateOf('a') ?? []).toString('base64');
    expect(String(shown.cert).replaceAll('\n', '')).toContain(proven);
    expect(proven).not.toBe('');
    expect(broker.instance.certificateOf('any')).toBeUndefined();
    await expect(client(broker, { ca, clientId: 'a' })).rejects.toThrow();
    const stranger = await createAuthority({ commonName: 'Strangers', now });
    await expect(client(broker, await show('a', stranger))).rejects.toThrow();
    await a.endAsync();
    await expect.poll(() => broker.instance.certificateOf('a')).toBeUndefined();
  });
});

describe('the limit of packets', () => {
  it('finds the same in whatever pieces they come', () => {
    const packet = (length: number): Buffer => {
      const digits: number[] = [];
      for (let left = length; ; ) {
        const more = left >= 128;
        digits.push((left % 128) | (more ? 128 : 0));
        left = Math.floor(left / 128);
        if (!more) break;
      }
      return Buffer.concat([Buffer.from([0x30, ...digits]), Buffer.alloc(length, 0xff)]);
    };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        (lengths, step) => {
          const bytes = Buffer.concat(lengths.map(packet));
          const packets = new PacketLimit(300);
          let within = true;
          for (let at = 0; at < bytes.length && within; at += step)
            within = packets.take(bytes.subarray(at, at + step));
          expect(within).toBe(lengths.every((length) => length <= 300));
        },
      ),
    );
  });
});
