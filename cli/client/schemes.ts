import { resolve } from 'node:path';
import type { Transport } from '../../core/ports/transport.js';
import { CommandFailure, invalid, reasonOf } from '../failure.js';
import type { OpenConnection, Scheme } from './connection.js';

/** What speaks a scheme; its library is loaded when it is used. */
const transports: Readonly<Record<Scheme, (to: OpenConnection) => Promise<Transport>>> = {
  https: overHttp,
  http: overHttp,
  grpcs: overGrpc,
  grpc: overGrpc,
  mqtts: overMqtt,
  mqtt: overMqtt,
};

/** @throws CommandFailure for an address that its transport cannot use */
export async function connect(to: OpenConnection): Promise<Transport> {
  try {
    return await transports[to.scheme](to);
  } catch (cause) {
    throw cause instanceof CommandFailure ? cause : invalid(reasonOf(cause), undefined, { cause });
  }
}

async function overHttp({ url, caFile: ca }: OpenConnection): Promise<Transport> {
  const { httpTransport } = await import('../../providers/transport/http/index.js');
  return httpTransport({ url, ca });
}

async function overGrpc({ url, caFile }: OpenConnection): Promise<Transport> {
  const { GrpcTransport } = await import('../../providers/transport/grpc/index.js');
  return new GrpcTransport({ url, ca: caFile && resolve(caFile) });
}

async function overMqtt({ url, caFile: ca, username, brokerPasswordFile, root }: OpenConnection): Promise<Transport> {
  const { mqttTransport } = await import('../../providers/transport/mqtt/index.js');
  return mqttTransport({ url, ca, username, passwordFile: brokerPasswordFile, root });
}
