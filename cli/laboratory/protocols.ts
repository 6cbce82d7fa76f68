import { join } from 'node:path';
import { systemClock } from '../../core/host/clock.js';
import type { Broker, Definition, Transport } from '../../core/plugin/index.js';
import { loadPlugin } from '../../core/plugin/loader.js';
import { PluginFault } from '../../core/plugin/plugin-fault.js';
import { testContext } from '../../core/testing/context.js';
import { invalid } from '../failure.js';
import { transportCaller } from './caller.js';
import { serveBinding } from './serve-binding.js';
import type { Protocol } from './subject.js';

const http: Protocol = {
  name: 'http',
  libraries: [],
  binding: async (publisher) => {
    const { default: definition } = await import('../../vendors/http/index.js');
    return serveBinding(definition, publisher, { config: { tls: 'off', port: 0 } });
  },
  bare: async (publisher) => (await import('./bare/http.js')).serveBareHttp(publisher),
  caller: async (address) => (await import('./bare/http.js')).bareHttpCaller(address),
};

const grpc: Protocol = {
  name: 'grpc',
  libraries: ['@grpc/grpc-js', 'protobufjs'],
  binding: async (publisher) => {
    const { default: definition } = await import('../../vendors/grpc/index.js');
    return serveBinding(definition, publisher, { config: { tls: 'off', port: 0 } });
  },
  bare: async (publisher) => (await import('./bare/grpc.js')).serveBareGrpc(publisher),
  caller: async (address) => (await import('./bare/grpc.js')).bareGrpcCaller(address),
};

const mqtt: Protocol = {
  name: 'mqtt',
  libraries: ['mqtt', 'aedes'],
  binding: async (publisher) => {
    const { default: aedes } = await import('../../providers/broker/aedes/index.js');
    const { default: definition } = await import('../../vendors/mqtt/index.js');
    const broker = await testContext<Broker>(aedes, { clock: systemClock, config: { tls: 'off', port: 0 } });
    await broker.start();
    const served = await serveBinding(definition, publisher, { uses: { broker: broker.instance } });
    return {
      address: broker.instance.addresses()[0] ?? '',
      stop: async () => {
        await served.stop();
        await broker.dispose();
      },
    };
  },
  bare: async (publisher) => (await import('./bare/mqtt.js')).serveBareMqtt(publisher),
  caller: async (address) => (await import('./bare/mqtt.js')).bareMqttCaller(address),
};

const builtin: readonly Protocol[] = [http, grpc, mqtt];

/** A binding that somebody brings along: its module has a binding, and the transport that calls it. */
export interface Guest {
  /** Path of its module, or the name of its package. */
  readonly module: string;
  /** Of the binding, where it does not work without. */
  readonly config?: unknown;
}

/** @throws CommandFailure for a guest that is no binding with its transport */
export async function protocolsWith(guest: Guest | undefined): Promise<readonly Protocol[]> {
  return guest === undefined ? builtin : [...builtin, await protocolOf(guest)];
}

async function protocolOf({ module, config }: Guest): Promise<Protocol> {
  const definitions = await definitionsOf(module);
  const binding = definitions.find(({ kind }) => kind === 'binding');
  const transport = definitions.find(({ provides }) => provides.some(({ id }) => id === 'transport'));
  if (!binding || !transport) {
    const missing = binding ? 'a transport (defineProvider with port: Transport)' : 'a binding (defineBinding)';
    throw invalid(
      `"${module}" has no ${missing}`,
      'the laboratory calls a binding by the transport that its module brings along',
    );
  }
  return {
    name: binding.type.replace(/^binding\./, ''),
    libraries: [],
    binding: (publisher) => serveBinding(binding, publisher, config === undefined ? {} : { config }),
    caller: async (address) => {
      const context = await testContext<Transport>(transport, { clock: systemClock, config: { url: address } });
      const caller = transportCaller(context.instance);
      return {
        ...caller,
        close: async () => {
          await caller.close();
          await context.dispose();
        },
      };
    },
  };
}

async function definitionsOf(module: string): Promise<readonly Definition[]> {
  try {
    return (await loadPlugin(module, { from: join(process.cwd(), 'laboratory') })).definitions;
  } catch (error) {
    throw error instanceof PluginFault ? invalid(error.message, undefined, { cause: error }) : error;
  }
}
