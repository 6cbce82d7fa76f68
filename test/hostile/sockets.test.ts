import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../device-api/device.js';
import type { Answer } from '../device-api/http.js';
import { startWfm, type Wfm } from '../device-api/wfm.js';
import { type RawOptions, raw } from './raw.js';

let wfm: Wfm;
let device: Device;
let before: string;
beforeAll(async () => {
  wfm = await startWfm({ binding: 'tls: off, headersTimeout: 0.5, requestTimeout: 1' });
  device = await wfm.ready();
  before = await wfm.dump();
});
afterAll(() => wfm.stop());

/** Head of a request with credentials that count, for each of the surfaces. */
const surfaces: Record<string, (body?: string) => { line: string; headers: string }> = {
  device: (body) => {
    const { path, headers = {} } = device.prepare({
      method: 'PUT',
      path: device.own('/capabilities'),
      body: Buffer.from(body ?? '{}'),
    });
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return { line: `PUT ${path} HTTP/1.1`, headers: fields.join('') };
  },
  operator: () => ({
    line: 'POST /nbi/v1/packages HTTP/1.1',
    headers: `Authorization: Bearer ${wfm.token}\r\nContent-Type: application/json\r\n`,
  }),
  registry: () => ({
    line: 'PUT /v2/apps/x/manifests/1.0.0 HTTP/1.1',
    headers: `Authorization: Bearer ${wfm.token}\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n`,
  }),
};
const host = (): string => `Host: ${new URL(wfm.host.url).host}\r\n`;

function expectRefusal(answer: Answer | undefined, ...statuses: number[]): void {
  expect(answer && statuses.includes(answer.status), JSON.stringify(answer)).toBe(true);
  expect(answer?.headers['content-type']).toMatch(/json/);
  expect(answer?.text).not.toBe('');
  expect(answer?.text).not.toMatch(/\bat .+\.(?:ts|js):\d+|node:internal/);
}
const ask = (text: string | Uint8Array, options?: RawOptions): Promise<Answer | undefined> =>
  raw(wfm.host.url, text, options);

describe.each(Object.keys(surfaces))('the %s surface', (name) => {
  const head = (body?: string): { line: string; headers: string } => {
    const { line, headers } = surfaces[name]?.(body) ?? { line: '', headers: '' };
    return { line, headers: headers + host() };
  };

  it('is not held up by a head that never ends', async () => {
    const { line } = head();
    expectRefusal(await ask(`${line}\r\n${host()}X-Slow: `), 408);
  });

  it('is not held up by a body that never ends', async () => {
    const { line, headers } = head();
    expectRefusal(await ask(`${line}\r\n${headers}Content-Length: 100\r\n\r\n{"a"`), 408);
    expectRefusal(await ask(`${line}\r\n${headers}Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n`), 408);
    expect(await wfm.dump()).toBe(before);
  });

  it('changes nothing for a body that breaks off', async () => {
    const { line, headers } = head();
    const answer = await ask(`${line}\r\n${headers}Content-Length: 100\r\n\r\n{"a"`, { half: true });
    if (answer) expectRefusal(answer, 400);
    expect(await wfm.dump()).toBe(before);
  });

  it('refuses a body that is longer than it says', async () => {
    const { line, headers } = head('{}');
    const answer = await ask(`${line}\r\n${headers}Content-Length: 2\r\n\r\n{}GET / smuggled`);
    expectRefusal(answer, 400, 422);
    expect(await wfm.dump()).toBe(before);
  });

  it.each([
    'Content-Length: -1',
    'Content-Length: 1x',
    'Content-Length: 1\r\nContent-Length: 2',
    'Content-Length: 2\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: nonsense',
    `Content-Length: ${'9'.repeat(40)}`,
  ])('refuses %j', async (length) => {
    const { line, headers } = head('{}');
    expectRefusal(await ask(`${line}\r\n${headers}${length}\r\n\r\n{}`), 400, 413, 501);
    expect(await wfm.dump()).toBe(before);
  });

  it('refuses a chunk that is none', async () => {
    const { line, headers } = head('{}');
    expectRefusal(await ask(`${line}\r\n${headers}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`), 400);
  });

  it('is not impressed by the size that a body announces', async () => {
    const { line, headers } = head();
    const answer = await ask(`${line}\r\n${headers}Content-Length: 99999999999\r\n\r\n`);
    // The registry counts what comes, and nothing came.
    expectRefusal(answer, name === 'registry' ? 408 : 413);
    expect(await wfm.dump()).toBe(before);
  });

  it('refuses a body that grows without end', async () => {
    const { line, headers } = head();
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    const answer = await ask(`${line}\r\n${headers}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(200)}`);
    // It may have hung up while we were still sending, so that its answer was lost with the connection.
    if (answer) expectRefusal(answer, 413);
    expect(await wfm.dump()).toBe(before);
  });

  it('refuses a head that is too large', async () => {
    const { line, headers } = head();
    expectRefusal(await ask(`${line}\r\n${headers}X-Huge: ${'h'.repeat(20_000)}\r\n\r\n`), 431);
    expectRefusal(await ask(`${line}\r\n${headers}${'X-Many: 1\r\n'.repeat(3000)}\r\n`), 431);
  });

  it('refuses a compressed body, which could be a bomb', async () => {
    const { line, headers } = head('{}');
    expectRefusal(await ask(`${line}\r\n${headers}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}`), 415, 400);
    expect(await wfm.dump()).toBe(before);
  });

  it('does not leave its place by dots', async () => {
    const prefix = { device: '/api/v1', operator: '/nbi/v1', registry: '/v2' }[name] ?? '';
    for (const up of [
      '/../../../../etc/passwd',
      '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '/..%2f..%2f..%2fetc%2fpasswd',
      '/..%5c..%5cetc',
      '/apps/../../../../../etc/blobs/uploads/',
      '/apps/x/blobs/..%2f..%2f..%2fadmin.token',
      '/apps/x/manifests/..%2f..%2fadmin.token',
      '/%00',
      '/%',
      '/%ff',
      '/%c0%ae%c0%ae/',
      '//',
      '/;/',
      '/#/',
    ]) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const auth = `Authorization: Bearer ${wfm.token}\r\n`;
        const answer = await ask(`${method} ${prefix}${up} HTTP/1.1\r\n${host()}${auth}Content-Length: 0\r\n\r\n`);
        expectRefusal(answer, 400, 401, 404, 405, 422);
        expect(answer?.text).not.toMatch(/root:|tutti_/);
      }
    }
    expect(await wfm.dump()).toBe(before);
  });
});

describe('the server', () => {
  it.each([
    'nonsense\r\n\r\n',
    'GET\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nBad\u0000Name: 1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nX: \u0000\r\n\r\n',
    'NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  ])('tells %j that it is no request', async (text) => {
    expectRefusal(await ask(Buffer.from(text, 'latin1')), 400);
  });

  it.each(['PROPFIND', 'TRACE', 'QUERY', 'PATCH'])('answers %s nowhere', async (method) => {
    expectRefusal(await ask(`${method} /nbi/v1/packages HTTP/1.1\r\n${host()}\r\n`), 400, 404, 405);
  });

  it('still answers after all this', async () => {
    expect((await device.poll()).status).toBe(200);
    expect((await wfm.operate('GET', '/devices')).status).toBe(200);
    expect(wfm.host.log()).not.toMatch(/"level":"error"/);
  });
});
