import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { commandLine } from '../cli/command-line.js';

/** What `tutti` writes to standard output. */
export async function tutti(...words: string[]): Promise<string> {
  const { code, out, err } = await commandLine()(words);
  if (code !== 0) throw new Error(err);
  return out;
}

/** A client of another house: it knows the printed .proto, and shares no code with the program that it talks to. */
export interface Foreign {
  /** @throws ServiceError with the status */
  ask(method: string, request: object, fields?: Readonly<Record<string, string>>): Promise<Answered>;
  /** Items of a stream, until `enough` of them. */
  watch(method: string, request: object, fields: Readonly<Record<string, string>>, enough: number): Promise<unknown[]>;
  close(): void;
}

export interface Answered {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the .proto says.
  readonly message: any;
  readonly head: Metadata;
}

export async function foreignClient(target: string, ca: string, profile = 'config/wfm.yaml'): Promise<Foreign> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-proto-'));
  let definition: PackageDefinition;
  try {
    const file = join(folder, 'tutti.proto');
    await writeFile(file, await tutti('proto', profile));
    definition = loadSync(file, { keepCase: true, longs: Number, arrays: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  // biome-ignore lint/suspicious/noExplicitAny: the library finds services by name.
  const { tutti: found } = loadPackageDefinition(definition) as any;
  const root = await readFile(ca);
  const clients = new Map<string, Client>();
  const clientOf = (service: string): Client => {
    const present = clients.get(service) ?? (new found.v1[service](target, credentials.createSsl(root)) as Client);
    clients.set(service, present);
    return present;
  };
  // biome-ignore lint/suspicious/noExplicitAny: methods are found by name.
  const methodOf = (method: string): any => {
    const [service = '', name = ''] = method.split('/');
    const client = clientOf(service);
    return (client as unknown as Record<string, (...given: unknown[]) => unknown>)[name]?.bind(client);
  };
  return {
    ask: (method, request, fields = {}) =>
      new Promise((resolve, reject) => {
        let head = new Metadata();
        const call = methodOf(method)(request, metadataOf(fields), (error: ServiceError | null, message: unknown) =>
          error ? reject(error) : resolve({ message, head }),
        );
        call.on('metadata', (received: Metadata) => {
          head = received;
        });
      }),
    watch: async (method, request, fields, enough) => {
      const call = methodOf(method)(request, metadataOf(fields));
      const items: unknown[] = [];
      for await (const item of call) {
        items.push(item);
        if (items.length === enough) break;
      }
      call.cancel();
      return items;
    },
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}

function metadataOf(fields: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
  return metadata;
}

const rpc = protobuf.parse(`syntax = "proto3"; package google.rpc;
message Any { string type_url = 1; bytes value = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
message FieldViolation { string field = 1; string description = 2; }
message BadRequest { repeated FieldViolation field_violations = 1; }
`).root;

/** google.rpc details of a failed call, by type, read by google's own description of them. */
export function detailsOf(error: ServiceError): Record<string, unknown> {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const status = rpc.lookupType('google.rpc.Status');
  const { details } = status.toObject(status.decode(bytes as Buffer)) as {
    details: { typeUrl: string; value: Uint8Array }[];
  };
  return Object.fromEntries(
    details.flatMap(({ typeUrl, value }) => {
      const name = typeUrl.replace(/^.*\//, '');
      if (!name.startsWith('google.rpc.') || name === 'google.rpc.RetryInfo') return [];
      const type = rpc.lookupType(name);
      return [[name, type.toObject(type.decode(value))]];
    }),
  );
}
