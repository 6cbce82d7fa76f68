import { systemClock } from '../../core/host/index.js';
import type { Binding, Clock } from '../../core/plugin/index.js';
import type { Broker, StateProvider } from '../../core/ports/index.js';
import { type TestContext, testContext } from '../../core/testing/index.js';
import aedes from '../../providers/broker/aedes/index.js';
import memory from '../../providers/state/memory/index.js';
import { MqttTransport, type MqttTransportOptions } from '../../providers/transport/mqtt/index.js';
import mqtt from '../../vendors/mqtt/index.js';
import type { MosquittoPart } from '../parts/index.js';
import { makeToys, type Toys } from './toys.js';

/** Keeps what a test opens, and closes it in reverse order. */
export class Closing {
  readonly #all: (() => Promise<void> | void)[] = [];

  add(close: () => Promise<void> | void): void {
    this.#all.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#all.splice(0).reverse()) await close();
  }
}

export async function startBroker(
  closing: Closing,
  config: object = { tls: 'off', port: 0 },
): Promise<TestContext<Broker>> {
  const broker = await testContext<Broker>(aedes, { config, clock: systemClock });
  closing.add(() => broker.dispose());
  await broker.start();
  return broker;
}

/** Toys, over state of their own. */
export async function startToys(closing: Closing): Promise<Toys> {
  const store = await testContext<StateProvider>(memory, { clock: systemClock });
  closing.add(() => store.dispose());
  await store.start();
  return makeToys(store.instance);
}

export interface BindingOptions {
  readonly config?: object;
  readonly broker?: Broker;
  readonly clock?: Clock;
}

export async function startBinding(
  closing: Closing,
  { surface }: Pick<Toys, 'surface'>,
  { config = {}, broker, clock = systemClock }: BindingOptions,
): Promise<TestContext<Binding>> {
  const binding = await testContext<Binding>(mqtt, { config, surface, clock, ...(broker && { uses: { broker } }) });
  closing.add(() => binding.dispose());
  await binding.start();
  return binding;
}

export function startTransport(closing: Closing, options: Omit<MqttTransportOptions, 'clock'>): MqttTransport {
  const transport = new MqttTransport({ clock: systemClock, ...options });
  closing.add(() => transport.close());
  return transport;
}

/** A broker with what a host and its callers need to get to it. */
export interface World {
  readonly host: BindingOptions;
  /** How a user of the broker connects. */
  caller(user: string): Omit<MqttTransportOptions, 'clock'>;
  /** kill -9 of the broker. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** The broker of a host, here one that can end and begin anew. */
export async function embeddedWorld(closing: Closing): Promise<World> {
  let present = await startBroker(closing);
  const [url = ''] = present.instance.addresses();
  const broker: Broker = {
    root: 'tutti',
    connect: () => present.instance.connect(),
    addresses: () => present.instance.addresses(),
    certificateOf: (name) => present.instance.certificateOf(name),
  };
  return {
    host: { broker },
    caller: (name) => ({ url, name }),
    kill: () => present.dispose(),
    async restart() {
      present = await startBroker(closing, { tls: 'off', port: Number(new URL(url).port) });
    },
  };
}

export function mosquittoWorld(mosquitto: MosquittoPart, protocol: '5' | '3.1.1'): World {
  return {
    host: { config: { ...mosquitto.client('host'), protocol } },
    caller: (user) => ({ ...mosquitto.client(user), name: user, protocol }),
    kill: () => mosquitto.kill(),
    restart: () => mosquitto.restart(),
  };
}
