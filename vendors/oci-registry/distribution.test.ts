import { once as event } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../test/registry/client.js';
import { imageManifest, pushBlob } from '../../test/registry/content.js';
import { quietLog, type Serving, serveMount } from '../../test/registry/serve.js';
import { distribution } from './distribution.js';
import { mediaTypes, sha256 } from './manifest.js';
import { RegistryStorage } from './storage.js';

const bytes = Buffer.from('hello, registry');
const digest = sha256(bytes);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const operator = bearer('op');

let root: string;
let storage: RegistryStorage;
let serving: Serving;
let log: ReturnType<typeof quietLog>;

async function open(anonymousPull = false): Promise<void> {
  log = quietLog();
  const handler = distribution({ storage, log, anonymousPull });
  serving = await serveMount(handler, { op: 'operator', view: 'viewer', boss: 'admin' });
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'tutti-distribution-'));
  storage = new RegistryStorage(root, { blobLimit: 100_000, openUploads: 4, uploadIdle: 60_000 }, new TestClock());
  await storage.uploads.start();
  await open();
});
afterEach(async () => {
  await serving.stop();
  await storage.uploads.stop();
  expect(log.errors).toEqual([]);
  rmSync(root, { recursive: true });
});

const call = (method: string, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${serving.url}${path}`, { method, redirect: 'manual', ...init, headers: { ...operator, ...init.headers } });

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { errors: { code: string }[] }).errors[0]?.code ?? '';

async function pushManifest(tag: string, text: string = tag): Promise<string> {
  const manifest = imageManifest(await pushBlob(storage, 'apps/pump', Buffer.from(text)));
  await storage.putManifest('apps/pump', tag, manifest.mediaType, manifest.bytes);
  return manifest.digest;
}

describe('who may do what', () => {
  it.each([
    ['nobody', 'GET', '/v2/', {}, 401],
    ['nobody', 'GET', '/v2/apps/pump/manifests/1', {}, 401],
    ['a stranger', 'GET', '/v2/', bearer('wrong'), 401],
    ['a stranger', 'GET', '/v2/', { authorization: `Basic ${btoa('x:wrong')}` }, 401],
    ['a viewer', 'GET', '/v2/', bearer('view'), 200],
    ['a viewer by password', 'GET', '/v2/', { authorization: `Basic ${btoa('any:view')}` }, 200],
    ['a viewer', 'GET', '/v2/apps/pump/manifests/1', bearer('view'), 200],
    ['a viewer', 'POST', '/v2/apps/pump/blobs/uploads/', bearer('view'), 403],
    ['a viewer', 'DELETE', '/v2/apps/pump/manifests/1', bearer('view'), 403],
    ['nobody', 'POST', '/v2/apps/pump/blobs/uploads/', {}, 401],
    ['an operator', 'POST', '/v2/apps/pump/blobs/uploads/', operator, 202],
    ['an admin', 'DELETE', '/v2/apps/pump/manifests/1', bearer('boss'), 202],
  ])('%s: %s %s', async (_, method, path, headers, status) => {
    await pushManifest('1');
    const response = await fetch(`${serving.url}${path}`, { method, headers });
    expect(response.status).toBe(status);
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    if (status === 401) {
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm="tutti"/);
      expect(await codeOf(response)).toBe('UNAUTHORIZED');
    }
    if (status === 403) expect(await codeOf(response)).toBe('DENIED');
  });

  it('lets anyone pull, and nothing else, where the profile says so', async () => {
    await serving.stop();
    await open(true);
    await pushManifest('1');
    expect((await fetch(`${serving.url}/v2/apps/pump/manifests/1`)).status).toBe(200);
    expect((await fetch(`${serving.url}/v2/apps/pump/blobs/uploads/`, { method: 'POST' })).status).toBe(401);
    expect((await fetch(`${serving.url}/v2/`, { headers: bearer('wrong') })).status).toBe(401);
  });
});

describe('pushing a blob', () => {
  it('works with POST and PUT, as ORAS does', async () => {
    const begun = await call('POST', '/v2/apps/pump/blobs/uploads/');
    expect(begun.status).toBe(202);
    const location = begun.headers.get('location') ?? '';
    expect(location).toMatch(/^\/v2\/apps\/pump\/blobs\/uploads\/[0-9a-f-]{36}$/);
    const done = await call('PUT', `${location}?digest=${encodeURIComponent(digest)}`, { body: bytes });
    expect(done.status).toBe(201);
    expect(done.headers.get('location')).toBe(`/v2/apps/pump/blobs/${digest}`);
    expect(done.headers.get('docker-content-digest')).toBe(digest);
    const head = await call('HEAD', `/v2/apps/pump/blobs/${digest}`);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.byteLength)]);
    const got = await call('GET', `/v2/apps/pump/blobs/${digest}`);
    expect(await got.text()).toBe(bytes.toString());
  });

  it('works in chunks, as docker and skopeo do', async () => {
    const location = (await call('POST', '/v2/apps/pump/blobs/uploads/')).headers.get('location') ?? '';
    const first = await call('PATCH', location, { body: bytes.subarray(0, 5), headers: { 'content-range': '0-4' } });
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-4']);
    const wrong = await call('PATCH', location, { body: bytes.subarray(7), headers: { 'content-range': '7-14' } });
    expect([wrong.status, wrong.headers.get('range')]).toEqual([416, '0-4']);
    const status = await call('GET', location);
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-4']);
    await call('PATCH', location, { body: bytes.subarray(5) });
    expect((await call('PUT', `${location}?digest=${digest}`)).status).toBe(201);
    expect((await call('PUT', `${location}?digest=${digest}`)).status).toBe(404);
  });

  it('works with one POST, and by mounting', async () => {
    const path = '/v2/apps/pump/blobs/uploads/';
    expect((await call('POST', `${path}?digest=${digest}`, { body: bytes })).status).toBe(201);
    const mounted = await call('POST', `/v2/apps/other/blobs/uploads/?mount=${digest}&from=apps/pump`);
    expect([mounted.status, mounted.headers.get('location')]).toEqual([201, `/v2/apps/other/blobs/${digest}`]);
    const absent = sha256(Buffer.from('absent'));
    const other = await call('POST', `/v2/apps/other/blobs/uploads/?mount=${absent}&from=apps/pump`);
    expect(other.status).toBe(202);
  });

  it('can be given up', async () => {
    const location = (await call('POST', '/v2/apps/pump/blobs/uploads/')).headers.get('location') ?? '';
    expect((await call('DELETE', location)).status).toBe(204);
    const after = await call('PATCH', location, { body: bytes });
    expect([after.status, await codeOf(after)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  });

  it('refuses wrong and missing digests', async () => {
    const path = '/v2/apps/pump/blobs/uploads/';
    for (const wrong of [sha256(Buffer.from('x')), 'sha256:abc', `md5:${'0'.repeat(32)}`, '']) {
      const response = await call('POST', `${path}?digest=${wrong}`, { body: bytes });
      expect([response.status, await codeOf(response)]).toEqual([400, 'DIGEST_INVALID']);
    }
    const location = (await call('POST', path)).headers.get('location') ?? '';
    expect((await call('PUT', location, { body: bytes })).status).toBe(400);
    expect((await call('HEAD', `/v2/apps/pump/blobs/${digest}`)).status).toBe(404);
  });

  it('refuses a blob that is too large before all of it came', async () => {
    const location = (await call('POST', '/v2/apps/pump/blobs/uploads/')).headers.get('location') ?? '';
    const upload = httpRequest(`${serving.url}${location}`, { method: 'PATCH', headers: operator });
    upload.on('error', () => undefined);
    upload.write(Buffer.alloc(100_001));
    // Never ended: the answer must come all the same.
    const [response] = await event(upload, 'response');
    expect(response.statusCode).toBe(413);
    // The rest is not worth reading, so the connection cannot be used again.
    expect(response.headers.connection).toBe('close');
    upload.destroy();
    expect(readdirSync(join(root, '_uploads'))).toEqual([]);
  });

  it('keeps what came when the client goes away, and drops what nobody can go on with', async () => {
    const location = (await call('POST', '/v2/apps/pump/blobs/uploads/')).headers.get('location') ?? '';
    for (const path of [location, `/v2/apps/pump/blobs/uploads/?digest=${digest}`]) {
      const method = path === location ? 'PATCH' : 'POST';
      const socket = connect(Number(new URL(serving.url).port), '127.0.0.1');
      const [, incoming] = await Promise.all([
        event(socket, 'connect').then(() =>
          socket.write(
            `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer op\r\nContent-Length: 15\r\n\r\nhello`,
          ),
        ),
        event(serving.server, 'request'),
      ]);
      const [request] = incoming as [NodeJS.ReadableStream];
      socket.resetAndDestroy();
      await new Promise((resolve) => request.once('close', resolve));
    }
    await expect.poll(async () => (await call('GET', location)).headers.get('range')).toBe('0-4');
    await expect.poll(() => readdirSync(join(root, '_uploads'))).toHaveLength(1);
    expect((await call('PUT', `${location}?digest=${digest}`, { body: bytes.subarray(5) })).status).toBe(201);
  });
});

describe('manifests', () => {
  it('come back as they were pushed, with their digest', async () => {
    const { bytes: manifest, mediaType } = imageManifest(await pushBlob(storage, 'apps/pump', bytes));
    const put = await call('PUT', '/v2/apps/pump/manifests/1.0', {
      body: manifest,
      headers: { 'content-type': `${mediaType}; charset=utf-8` },
    });
    expect([put.status, put.headers.get('location')]).toEqual([201, `/v2/apps/pump/manifests/${sha256(manifest)}`]);
    const got = await call('GET', '/v2/apps/pump/manifests/1.0');
    expect(got.headers.get('content-type')).toBe(mediaType);
    expect(got.headers.get('docker-content-digest')).toBe(sha256(manifest));
    expect(await got.text()).toBe(manifest.toString());
    const head = await call('HEAD', '/v2/apps/pump/manifests/1.0');
    expect(head.headers.get('content-length')).toBe(String(manifest.byteLength));
  });

  it('have limits', async () => {
    const response = await call('PUT', '/v2/apps/pump/manifests/1.0', {
      body: Buffer.alloc(4 * 1024 * 1024 + 1, ' '),
      headers: { 'content-type': mediaTypes.manifest },
    });
    expect([response.status, await codeOf(response)]).toEqual([413, 'SIZE_INVALID']);
  });

  it('name their subject when they have one', async () => {
    const subject = { mediaType: mediaTypes.manifest, digest: await pushManifest('1'), size: 1 };
    const more = { subject, artifactType: 'x/signature' };
    const { bytes: body, mediaType } = imageManifest(await pushBlob(storage, 'apps/pump', bytes), more);
    const put = await call('PUT', `/v2/apps/pump/manifests/${sha256(body)}`, {
      body,
      headers: { 'content-type': mediaType },
    });
    expect(put.headers.get('oci-subject')).toBe(subject.digest);
    const listed = async (query: string) => {
      const response = await call('GET', `/v2/apps/pump/referrers/${subject.digest}${query}`);
      expect(response.headers.get('content-type')).toBe(mediaTypes.index);
      const index = (await response.json()) as { manifests: object[] };
      return [index.manifests.length, response.headers.get('oci-filters-applied')];
    };
    expect(await listed('')).toEqual([1, null]);
    expect(await listed('?artifactType=x/signature')).toEqual([1, 'artifactType']);
    expect(await listed('?artifactType=x/other')).toEqual([0, 'artifactType']);
  });
});

describe('tags', () => {
  it('are listed in order and by the page', async () => {
    for (const tag of ['b', 'a', 'c', 'B']) await pushManifest(tag);
    const list = async (path: string) => {
      const response = await call('GET', path);
      return [((await response.json()) as { tags: string[] }).tags, response.headers.get('link')];
    };
    expect(await list('/v2/apps/pump/tags/list')).toEqual([['B', 'a', 'b', 'c'], null]);
    expect(await list('/v2/apps/pump/tags/list?n=3')).toEqual([
      ['B', 'a', 'b'],
      '</v2/apps/pump/tags/list?n=3&last=b>; rel="next"',
    ]);
    expect(await list('/v2/apps/pump/tags/list?n=3&last=b')).toEqual([['c'], null]);
    expect(await list('/v2/apps/pump/tags/list?n=0')).toEqual([[], null]);
    expect((await call('GET', '/v2/apps/pump/tags/list?n=-1')).status).toBe(400);
  });
});

describe('bad requests', () => {
  it.each([
    ['GET', '/v2/apps/none/tags/list', 404, 'NAME_UNKNOWN'],
    ['GET', '/v2/apps/none/manifests/1', 404, 'MANIFEST_UNKNOWN'],
    ['GET', `/v2/apps/none/blobs/${digest}`, 404, 'BLOB_UNKNOWN'],
    ['GET', '/v2/apps/pump/blobs/sha256:short', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/Apps/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/v2/%2e%2e/%2e%2e/etc/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/v2/..%2f..%2fetc/blobs/sha256:0', 400, 'NAME_INVALID'],
    ['GET', '/v2/%/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/v2/_catalog', 404, 'UNSUPPORTED'],
    ['POST', '/v2/apps/pump/manifests/1', 405, 'UNSUPPORTED'],
    ['PUT', '/v2/', 405, 'UNSUPPORTED'],
    ['DELETE', '/v2/apps/pump/manifests/none', 404, 'MANIFEST_UNKNOWN'],
    ['DELETE', `/v2/apps/pump/blobs/${digest}`, 404, 'BLOB_UNKNOWN'],
    ['PATCH', '/v2/apps/pump/blobs/uploads/none', 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['GET', '/v2/apps/pump/referrers/none', 400, 'DIGEST_INVALID'],
  ])('%s %s', async (method, path, status, code) => {
    const socket = await fetchRaw(method, path);
    expect([socket.status, socket.body]).toEqual([status, expect.stringContaining(`"code":"${code}"`)]);
  });
});

/** Unlike `fetch` it leaves the path as it is. */
async function fetchRaw(method: string, path: string): Promise<{ status: number; body: string }> {
  const request = httpRequest({ host: '127.0.0.1', port: new URL(serving.url).port, method, path, headers: operator });
  request.end();
  const [response] = await event(request, 'response');
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}
