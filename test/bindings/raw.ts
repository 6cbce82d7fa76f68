import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { connectAsync } from 'mqtt';
import { httpForm, type Operation, type Problem, problemFrom } from '../../core/plugin/index.js';
import { methodNameOf, pathOf, problemOf } from '../../vendors/grpc/wire/index.js';
import { send } from '../device-api/http.js';
import type { Door } from './house.js';

/** A call whose body is these bytes and nothing that any of our clients would send. */
export interface RawCall {
  readonly operation: Operation;
  readonly prefix: string;
  /** What addresses the call on HTTP. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** @returns the problem that it is answered with, or `undefined` */
export function sendRaw(door: Door, call: RawCall): Promise<Problem | undefined> {
  return { http: overHttp, grpc: overGrpc, mqtt: overMqtt }[door.name](door.url, call);
}

async function overHttp(
  url: string,
  { operation, prefix, input, headers, body }: RawCall,
): Promise<Problem | undefined> {
  const { method, target } = httpForm(operation, prefix, input);
  const json = { 'Content-Type': 'application/json', ...headers };
  const { status, text } = await send(url, { method, path: target, headers: json, body });
  return status < 400 ? undefined : problemFrom(JSON.parse(text), status, text);
}

function overGrpc(url: string, { operation, headers, body }: RawCall): Promise<Problem | undefined> {
  const client = new Client(new URL(url).host, credentials.createInsecure());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const asItIs = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest(pathOf(methodNameOf(operation.id)), asItIs, asItIs, body, metadata, (error) => {
      client.close();
      const [details] = error?.metadata.get('grpc-status-details-bin') ?? [];
      resolve(error ? problemOf(error.code, error.details, details as Buffer | undefined) : undefined);
    });
  });
}

async function overMqtt(url: string, { operation, headers, body }: RawCall): Promise<Problem | undefined> {
  const name = `raw-${operation.id}`;
  const replyTo = `tutti/${name}/reply/raw`;
  const client = await connectAsync(url, { protocolVersion: 4, clientId: name });
  try {
    await client.subscribeAsync(replyTo, { qos: 1 });
    const answered = new Promise<Buffer>((resolve) => {
      client.once('message', (_topic, payload) => resolve(payload));
    });
    const head = Buffer.from(`${JSON.stringify({ id: '1', replyTo, headers })}\n`);
    await client.publishAsync(`tutti/${name}/call/${operation.id}`, Buffer.concat([head, body]), { qos: 1 });
    const reply = await answered;
    const end = reply.indexOf(0x0a);
    const { kind, status } = JSON.parse(reply.subarray(0, end).toString()) as {
      readonly kind: string;
      readonly status: number;
    };
    return kind === 'problem' ? problemFrom(JSON.parse(reply.subarray(end + 1).toString()), status, kind) : undefined;
  } finally {
    await client.endAsync(true);
  }
}
