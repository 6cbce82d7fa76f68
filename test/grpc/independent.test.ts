import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signatureHeaders } from '../device-api/signature.js';
import { startWfm, type Wfm } from '../operator-api/wfm.js';
import { detailsOf, type Foreign, foreignClient, tutti } from './foreign.js';

let wfm: Wfm;
let foreign: Foreign;
let target: string;
let ca: string;
let token: Record<string, string>;

beforeAll(async () => {
  wfm = await startWfm({
    more: { definitions: [], managers: '', bindings: '  grpc:      { type: binding.grpc, config: { port: 0 } }' },
  });
  const address = wfm.host.status.addresses().find((one) => one.startsWith('grpcs:')) ?? '';
  target = new URL(address).host;
  ca = join(wfm.host.dataDir, 'pki', 'ca.crt');
  foreign = await foreignClient(target, ca);
  token = { authorization: `Bearer ${wfm.tokens.admin}` };
});
afterAll(async () => {
  foreign.close();
  await wfm[Symbol.asyncDispose]();
});

const failure = (answer: Promise<unknown>): Promise<ServiceError> =>
  answer.then(
    () => Promise.reject(new Error('the call did not fail')),
    (error: unknown) => error as ServiceError,
  );

describe('a client that knows the printed .proto alone', () => {
  it('lists, imports, deploys and reads', async () => {
    const { message: none } = await foreign.ask('Packages/List', {}, token);
    expect(none).toMatchObject({ items: [], metadata: { total: 0 } });
    const request = wfm.packageRequest('1.0.0') as { metadata: { name: string }; spec: { source: object } };
    const source = Object.fromEntries(
      Object.entries(request.spec.source).map(([name, value]) => [
        name === 'registryUrl' ? 'registry_url' : name,
        value,
      ]),
    );
    const { message: imported, head } = await foreign.ask(
      'Packages/Import',
      { document: { metadata: request.metadata, spec: { source } } },
      token,
    );
    expect(head.get('outcome')).toEqual(['accepted']);
    expect(head.get('location')).toEqual([`/nbi/v1/app-packages/${imported.id}`]);
    await wfm.imported(imported.id);
    const device = await wfm.ready();
    const { message: made } = await foreign.ask(
      'Deployments/Create',
      {
        document: {
          metadata: { name: 'over-grpc', labels: { entries: { line: 'a' } } },
          spec: { app_package_ref: { id: imported.id }, device_ref: { id: device.clientId } },
        },
      },
      token,
    );
    const { message: read, head: version } = await foreign.ask('Deployments/Get', { id: made.id }, token);
    expect(read).toMatchObject({ metadata: { name: 'over-grpc', labels: { line: 'a' } } });
    const [etag] = version.get('etag');
    const { head: again } = await foreign.ask(
      'Deployments/Get',
      { id: made.id },
      { ...token, 'if-none-match': String(etag) },
    );
    expect(again.get('not-modified')).toEqual(['true']);
    const [seen] = await foreign.watch('Deployments/Watch', {}, token, 1);
    expect(seen).toMatchObject({ data: { id: made.id } });
  });

  it('signs as over HTTP, and gets exact bytes once for each version', async () => {
    const device = await wfm.ready();
    const targetUri = `https://${target}${device.own('/deployments')}`;
    const poll = (fields: Record<string, string> = {}) =>
      foreign.ask(
        'Deployments/Manifest',
        { client_id: device.clientId },
        { ...signatureHeaders(device.key, { method: 'GET', targetUri, body: undefined }), ...fields },
      );
    const { message } = await poll();
    const { bytes, headers } = await device.poll();
    expect(message).toMatchObject({ content: bytes, media_type: headers['content-type'] });
    expect(`"${message.etag}"`).toBe(headers['etag']);
    expect((await poll({ 'if-none-match': `"${message.etag}"` })).message).toEqual({
      etag: message.etag,
      not_modified: true,
      cache_control: expect.any(String),
    });
    const other = await wfm.ready(undefined, 'press-8');
    const refused = await failure(
      foreign.ask(
        'Deployments/Manifest',
        { client_id: other.clientId },
        signatureHeaders(device.key, { method: 'GET', targetUri, body: undefined }),
      ),
    );
    expect(refused.code).toBe(status.UNAUTHENTICATED);
  });

  it('is told what is wrong, in the forms of google.rpc', async () => {
    const wrong = await failure(foreign.ask('Packages/List', { limit: 5000 }, token));
    expect(wrong).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(/^limit: /) });
    expect(detailsOf(wrong)).toMatchObject({
      'google.rpc.ErrorInfo': {
        reason: 'SEMANTIC_ERROR',
        domain: 'tutti',
        metadata: { type: 'urn:tutti:problem:semantic-error', status: '422' },
      },
      'google.rpc.BadRequest': { fieldViolations: [{ field: 'limit' }] },
    });
    expect(await failure(foreign.ask('Packages/List', {}))).toMatchObject({ code: status.UNAUTHENTICATED });
    const viewer = { authorization: `Bearer ${wfm.tokens.viewer}` };
    expect(await failure(foreign.ask('Devices/Delete', { id: 'x' }, viewer))).toMatchObject({
      code: status.PERMISSION_DENIED,
    });
    expect(await failure(foreign.ask('Packages/Get', { id: 'x' }, token))).toMatchObject({ code: status.NOT_FOUND });
  });
});

it('asks a host for its health', async () => {
  // biome-ignore lint/suspicious/noExplicitAny: the library finds services by name.
  const { grpc } = loadPackageDefinition(loadSync(healthProto, { enums: String })) as any;
  const client = new grpc.health.v1.Health(target, credentials.createSsl(await pem()));
  const check = (service: string): Promise<unknown> =>
    new Promise((resolve) => client.Check({ service }, (error: unknown, answer: unknown) => resolve(error ?? answer)));
  expect(await check('')).toEqual({ status: 'SERVING' });
  expect(await check('tutti.v1.Deployments')).toEqual({ status: 'SERVING' });
  expect(await check('nothing')).toMatchObject({ code: status.NOT_FOUND });
  client.close();
});

it.each(['v1', 'v1alpha'])('asks a host what it serves, by reflection %s', async (version) => {
  const file = join(
    import.meta.dirname,
    `../../node_modules/@grpc/reflection/build/proto/grpc/reflection/${version}/reflection.proto`,
  );
  // biome-ignore lint/suspicious/noExplicitAny: the library finds services by name.
  const { grpc } = loadPackageDefinition(loadSync(file)) as any;
  const client = new grpc.reflection[version].ServerReflection(target, credentials.createSsl(await pem()));
  const call = client.ServerReflectionInfo();
  const answers = call[Symbol.asyncIterator]();
  const ask = async (question: object) => {
    call.write(question);
    return (await answers.next()).value;
  };
  const { listServicesResponse } = await ask({ listServices: '' });
  const names = listServicesResponse.service.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['tutti.v1.Packages', 'tutti.v1.Deployments', 'grpc.health.v1.Health']));
  const { fileDescriptorResponse } = await ask({ fileContainingSymbol: 'tutti.v1.Packages.List' });
  const files = fileDescriptorResponse.fileDescriptorProto.map((bytes: Buffer) =>
    descriptor.FileDescriptorProto.decode(bytes),
  );
  expect(files.map(({ name }: { name: string }) => name).toSorted()).toEqual([
    'google/protobuf/empty.proto',
    'google/protobuf/struct.proto',
    'tutti/v1/tutti.proto',
  ]);
  expect(JSON.stringify(files)).toContain('"proto3Optional":true');
  call.end();
  client.close();
});

it('is given a .proto that says how to call, and fails the check of numbers that are not locked', async () => {
  expect(await tutti('proto')).toMatch(/^\/\/ Written by "tutti proto config\/wfm.yaml"/);
  await expect(tutti('proto', 'config/wfm.yaml', '--check')).resolves.toContain('service Packages');
});

async function pem(): Promise<Buffer> {
  return readFile(ca);
}
