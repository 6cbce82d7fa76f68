import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clientOf, nobody, signedBy } from '../../core/client/index.js';
import { systemClock } from '../../core/host/index.js';
import { SigningKey, verifySignature } from '../../core/identity/index.js';
import { type Authenticator, defineOperation, Gate, ok, type Surface, serve } from '../../core/operation/index.js';
import { silentLogger, testContext } from '../../core/testing/index.js';
import mqtt from '../../vendors/mqtt/index.js';
import { callsOver } from './suite.js';
import { operations } from './toys.js';
import { Closing, embeddedWorld, startBinding, startBroker, startToys, startTransport } from './worlds.js';

describe('calls by way of the embedded broker', () => callsOver(embeddedWorld));

describe('a host with a broker of its own', () => {
  const closing = new Closing();
  afterEach(() => closing.close());

  /** Stands between a caller and the broker, and can break the connection for both. */
  async function relay(to: string): Promise<{ readonly url: string; cut(): void }> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(Number(new URL(to).port), '127.0.0.1');
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
      }
      near.pipe(far).pipe(near);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const cut = (): void => {
      for (const socket of sockets) socket.destroy();
    };
    closing.add(() => {
      server.close();
      cut();
    });
    return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, cut };
  }

  it('ends the streams of a caller as soon as its connection breaks', async () => {
    const toys = await startToys(closing);
    const { instance: broker } = await startBroker(closing);
    await startBinding(closing, toys, { broker });
    const { url, cut } = await relay(broker.addresses()[0] ?? '');
    const transport = startTransport(closing, { url });
    const arrived = toys.entered('toy.watch');
    const { items } = await clientOf(operations, { transport, prefix: '/toy', credentials: nobody }).watch({});
    const next = items[Symbol.asyncIterator]().next();
    next.catch(() => undefined);
    await arrived;
    expect(toys.watching()).toBe(1);
    cut();
    await expect(next).rejects.toMatchObject({ reason: 'unreachable' });
    await expect.poll(() => toys.watching()).toBe(0);
  });

  it('takes calls that are signed in their HTTP form, and signs a call anew when it is made again', async () => {
    const key = SigningKey.generate();
    const seen: string[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let arrived = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const signed: Authenticator = {
      scheme: 'signature',
      makes: 'device',
      challenge: 'Signature',
      authenticate(evidence) {
        if (evidence.headers['signature'] === undefined) return undefined;
        verifySignature(evidence, key.verificationKey, {}, systemClock.now());
        seen.push(evidence.headers['signature']);
        expect(evidence.targetUri).toBe('mqtt://tutti/toy/things/a%20b?deep=true');
        return { kind: 'device', id: 'signer', roles: [] };
      },
    };
    const replace = defineOperation({
      id: 'things.replace',
      summary: 'Replaces',
      input: z.strictObject({ id: z.string(), deep: z.boolean(), size: z.number() }),
      output: { kind: 'value', schema: z.object({ by: z.string() }) },
      problems: [],
      access: { kinds: ['device'], rule: 'a device', check: () => undefined },
      idempotency: 'idempotent',
      http: { method: 'PUT', path: '/things/{id}', query: ['deep'] },
    });
    const surface: Surface = {
      operations: [
        {
          ...serve(replace, async ({ principal }) => {
            arrived();
            await held;
            return ok({ by: principal.id });
          }),
          vendor: 'toy',
          prefix: '/toy',
        },
      ],
      mounts: [],
      gate: new Gate([signed], silentLogger()),
    };
    const { instance: broker } = await startBroker(closing);
    await startBinding(closing, { surface }, { broker });
    const { url, cut } = await relay(broker.addresses()[0] ?? '');
    const transport = startTransport(closing, { url });
    const client = clientOf({ replace }, { transport, prefix: '/toy', credentials: signedBy(() => key, systemClock) });
    const answer = client.replace({ id: 'a b', deep: true, size: 3 });
    await first;
    cut();
    await expect.poll(() => seen).toHaveLength(2);
    release();
    expect(await answer).toEqual({ by: 'signer' });
    expect(new Set(seen).size).toBe(2);
  });

  it('says clearly what it cannot be made of', async () => {
    const { surface } = await startToys(closing);
    await expect(testContext(mqtt, { surface })).rejects.toThrow(/needs a broker/);
    const [one] = surface.operations;
    const twice = { ...surface, operations: one ? [one, { ...one, vendor: 'other' }] : [] };
    const { instance: broker } = await startBroker(closing);
    await expect(testContext(mqtt, { surface: twice, uses: { broker } })).rejects.toThrow(
      'toy.add is offered by toy and by other',
    );
    await expect(testContext(mqtt, { config: { url: 'mqtt://broker.plant.example' } })).rejects.toThrow(/without TLS/);
    await expect(testContext(mqtt, { config: { url: 'mqtts://b', root: 'a/b' } })).rejects.toThrow(/one level/);
    await expect(testContext(mqtt, { surface, config: { url: 'mqtt://127.0.0.1' }, uses: { broker } })).rejects.toThrow(
      /either/,
    );
  });
});
