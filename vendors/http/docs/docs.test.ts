import { afterEach, describe, expect, it } from 'vitest';
import { anyone, defineOperation, defineVendor, ok, serve, z } from '../../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../../core/testing/host.js';
import http, { httpMount } from '../index.js';

const operation = defineOperation({
  id: 'toy.get',
  summary: 'Gets',
  input: z.object({}),
  output: { kind: 'value', schema: z.string() },
  problems: [],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/toy', aliases: ['/reference'] },
});
const toy = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  create: () => ({
    operations: [serve(operation, () => ok('toy'))],
    mounts: [httpMount('/manual', (_request, response) => void response.end('mounted'))],
  }),
});

let host: TestHost | undefined;
afterEach(() => host?.stop());

async function start(config = ''): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  host = await startTestHost({
    definitions: [toy, http],
    profile: `
profile: toys
vendors: { toy: { type: vendor.toy } }
bindings: { api: { type: binding.http, config: { tls: off, port: 0 ${config} } } }
`,
  });
  const { url } = host;
  return (path, init) => fetch(`${url}${path}`, init);
}

describe('the docs of the API', () => {
  it('are an OpenAPI document, made once and revalidated', async () => {
    const ask = await start();
    const reply = await ask('/openapi.json');
    expect(reply.headers.get('cache-control')).toBe('public, no-cache');
    expect(await reply.json()).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'toys' },
      servers: [{ url: '/' }],
      paths: { '/toy': { get: { operationId: 'toy.get' } } },
    });
    const etag = reply.headers.get('etag') ?? '';
    expect((await ask('/openapi.json', { headers: { 'if-none-match': etag } })).status).toBe(304);
    const head = await ask('/openapi.json', { method: 'HEAD' });
    expect({ status: head.status, body: await head.text() }).toEqual({ status: 200, body: '' });
    expect((await ask('/openapi.json', { method: 'POST' })).headers.get('allow')).toBe('GET');
  });

  it('are a page that takes all it needs from this host', async () => {
    const ask = await start();
    const reply = await ask('/docs', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(reply.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await reply.text();
    expect(html).toContain('<title>toys</title>');
    expect(html).not.toContain('://');
    const linked = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(linked).toHaveLength(4);
    for (const path of linked) {
      const file = await ask(new URL(path, 'http://host/docs').pathname);
      expect({ path, status: file.status }).toEqual({ path, status: 200 });
      if (!path.endsWith('start.js')) expect(file.headers.get('cache-control')).toMatch(/^public, .*immutable$/);
      expect(file.headers.get('etag')).toMatch(/^"/);
      await file.arrayBuffer();
    }
  });

  it('name the document from wherever the page is', async () => {
    const ask = await start(', docs: { path: /internal/api/docs }');
    const html = await (await ask('/internal/api/docs')).text();
    const page = 'http://host/proxied/internal/api/docs';
    const script = new URL(/src="([^"]+start\.js)"/.exec(html)?.[1] ?? '', page);
    const text = await (await ask(script.pathname.replace('/proxied', ''))).text();
    const description = /new URL\("([^"]+)"/.exec(text)?.[1] ?? '';
    expect(new URL(description, page).pathname).toBe('/proxied/openapi.json');
    expect(text).toContain('validatorUrl: null');
  });

  it('serve no other file, and none under another version', async () => {
    const ask = await start();
    const html = await (await ask('/docs')).text();
    const version = /docs\/([^/]+)\/swagger-ui\.css/.exec(html)?.[1] ?? '';
    for (const path of [
      `${version}/package.json`,
      `${version}/..%2Fpackage.json`,
      `${version}/swagger-ui-bundle.js.map`,
      '0.0.0/swagger-ui.css',
    ]) {
      const reply = await ask(`/docs/${path}`);
      expect({ path, status: reply.status, body: await reply.json() }).toMatchObject({ path, status: 404 });
    }
  });

  it('are not there where the profile has them off', async () => {
    const ask = await start(', docs: { enabled: false }');
    for (const path of ['/docs', '/openapi.json']) expect((await ask(path)).status).toBe(404);
    expect(await (await ask('/toy')).json()).toBe('toy');
  });

  it.each([
    ['/reference', '"toy"'],
    ['/manual', 'mounted'],
  ])('come after what vendors offer at %s, and say so', async (path, said) => {
    const ask = await start(`, docs: { path: ${path} }`);
    expect(await (await ask(path)).text()).toBe(said);
    expect(host?.log()).toContain(`${path} is offered by toy, and shows nothing of the docs of the API`);
  });
});
