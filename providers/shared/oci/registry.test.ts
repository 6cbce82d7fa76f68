import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactReference, ArtifactRegistry, Descriptor, Lifecycle, z } from '../../../core/plugin/index.js';
import { selfSigned } from '../../../test/parts/certificate.js';
import { registryClient, TestClock } from '../../../test/registry/client.js';
import { listen, quietLog, type Serving, serveMount } from '../../../test/registry/serve.js';
import { distribution } from '../../../vendors/oci-registry/distribution.js';
import { RegistryStorage } from '../../../vendors/oci-registry/storage.js';
import type { ociConfig, RegistryConfig } from './config.js';
import { mediaTypes } from './manifest.js';
import { digestOf } from './reading.js';

const bytes = Buffer.from('hello, registry');
const blob: Descriptor = { mediaType: 'text/plain', digest: digestOf(bytes), size: bytes.byteLength };
const manifest = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, config: blob, layers: [blob] }),
);
/** Seconds: for answers that come, however busy the machine is; and for those that never do. */
const patient = { connect: 60, answer: 60, idle: 60 };
const impatient = { connect: 60, answer: 0.3, idle: 0.3 };

let folder: string;
let clock: TestClock;
const open: (() => Promise<void> | undefined | void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-client-'));
  clock = new TestClock();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
  rmSync(folder, { recursive: true });
});

async function serve(listener: RequestListener): Promise<Serving> {
  const serving = await listen(listener);
  open.push(serving.stop);
  return serving;
}

function client(config: z.input<typeof ociConfig>): ArtifactRegistry & Lifecycle {
  const made = registryClient({ timeouts: patient, ...config }, clock);
  open.push(() => made.stop?.(AbortSignal.timeout(1000)));
  return made;
}

/** A registry that answers everything with `listener`, and a client for it. */
async function against(listener: RequestListener, config: Partial<RegistryConfig> = {}, timeouts = patient) {
  const serving = await serve(listener);
  const registry = client({ registries: [{ url: serving.url, ...config }], timeouts });
  const place: ArtifactReference = { registry: serving.host, repository: 'apps/pump' };
  return { serving, registry, place, tagged: { ...place, tag: '1.0.0' } };
}

const sendManifest = (response: ServerResponse, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'content-type': mediaTypes.manifest, ...headers }).end(manifest);
};

describe('a blob', () => {
  it('is given whole, with progress', async () => {
    const { registry, place } = await against((_, response) => response.end(bytes));
    const seen: number[][] = [];
    const got = await registry.fetch(place, blob, 100, { progress: (...numbers) => seen.push(numbers) });
    expect(bytes.equals(got)).toBe(true);
    expect(seen.at(-1)).toEqual([15, 15]);
  });

  it('may have a sha512 digest', async () => {
    const { registry, place } = await against((_, response) => response.end(bytes));
    const strong = { ...blob, digest: digestOf(bytes, 'sha512') };
    expect(bytes.equals(await registry.fetch(place, strong, 100))).toBe(true);
    const wrong = { ...blob, digest: digestOf(Buffer.from('x'), 'sha512') };
    await expect(registry.fetch(place, wrong, 100)).rejects.toMatchObject({ reason: 'corrupt' });
  });

  it.each<[string, RequestListener, string, RegExp]>([
    [
      'other bytes of the same length',
      (_, response) => response.end(Buffer.alloc(15, 'x')),
      'corrupt',
      /somebody changed them/,
    ],
    ['a wrong length', (_, response) => response.end('hello'), 'corrupt', /5 bytes there and 15 by the manifest/],
    [
      'too few bytes in chunks',
      (_, response) => response.write('hello', () => response.end()),
      'corrupt',
      /only 5 of 15/,
    ],
    [
      'an endless body',
      (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        };
        response.on('drain', more);
        more();
      },
      'corrupt',
      /more came than the 15 bytes/,
    ],
    [
      'a body cut off',
      (_, response) => response.writeHead(200, { 'content-length': 15 }).write('hello', () => response.destroy()),
      'unreachable',
      /after 5 of 15 bytes/,
    ],
    ['a connection cut each time', (request) => request.socket.resetAndDestroy(), 'unreachable', /connection was cut/],
    ['no such blob', (_, response) => response.writeHead(404).end(), 'not-found', /not there/],
  ])('is refused for %s', (_, listener, reason, text) => isRefused(listener, reason, text));

  it.each<[string, RequestListener, RegExp]>([
    [
      'a body that stops coming',
      (_, response) => response.writeHead(200, { 'content-length': 15 }).write('hello'),
      /after 5 of 15 bytes: the answer stopped in the middle/,
    ],
    ['no answer at all', () => undefined, /no answer within 0.3 s|no answer came in time/],
  ])('is refused for %s', (_, listener, text) => isRefused(listener, 'unreachable', text, impatient));

  async function isRefused(listener: RequestListener, reason: string, text: RegExp, timeouts = patient): Promise<void> {
    const { registry, place, serving } = await against(listener, {}, timeouts);
    let read = 0;
    const reading = (async () => {
      for await (const chunk of registry.pull(place, blob)) read += chunk.byteLength;
      throw new Error('the stream ended');
    })();
    await expect(reading).rejects.toMatchObject({
      name: 'RegistryFault',
      reason,
      message: expect.stringMatching(text),
    });
    await expect(reading).rejects.toThrow(`registry ${serving.host}`);
    expect(read).toBeLessThanOrEqual(15);
  }

  it('is refused for headers that drip in', async () => {
    const dripping: RequestListener = (request) => {
      request.socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => request.socket.write('x-slow: 1\r\n'), 50);
      request.socket.on('close', () => clearInterval(timer));
    };
    const { registry, place } = await against(dripping, {}, impatient);
    await expect(registry.fetch(place, blob, 100)).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('larger than the limit is not even asked for', async () => {
    let asked = 0;
    const { registry, place } = await against((_, response) => {
      asked += 1;
      response.end(bytes);
    });
    await expect(registry.fetch(place, blob, 14)).rejects.toMatchObject({ reason: 'refused' });
    expect(asked).toBe(0);
  });

  it('that nobody wants to the end is let go of', async () => {
    let closed: (value?: unknown) => void = () => undefined;
    const end = new Promise((resolve) => {
      closed = resolve;
    });
    const { registry, place } = await against((_, response) => {
      response.on('close', closed);
      response.writeHead(200, { 'content-length': 15 }).write('hello');
    });
    for await (const _ of registry.pull(place, blob)) break;
    await end;
  });

  it('stops with the reason of an abort, before the answer and in the middle', async () => {
    const { registry, place } = await against((request, response) => {
      if (request.url?.endsWith('/tags/list?n=1000')) return;
      response.writeHead(200, { 'content-length': 15 }).write('hello');
    });
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of registry.pull(place, blob, { signal: controller.signal }))
        controller.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
    await expect(registry.tags(place, { signal: AbortSignal.abort(new Error('never mind')) })).rejects.toThrow(
      'never mind',
    );
  });
});

describe('a manifest', () => {
  it('is checked against the digest asked for and the one told', async () => {
    const told = digestOf(Buffer.from('other'));
    const lying = await against((_, response) => sendManifest(response, { 'docker-content-digest': told }));
    await expect(lying.registry.resolve(lying.tagged)).rejects.toMatchObject({ reason: 'corrupt' });
    const honest = await against((_, response) =>
      sendManifest(response, { 'docker-content-digest': digestOf(manifest) }),
    );
    const { descriptor } = await honest.registry.resolve(honest.tagged);
    expect(descriptor).toEqual({
      mediaType: mediaTypes.manifest,
      digest: digestOf(manifest),
      size: manifest.byteLength,
    });
    const silent = await against((_, response) => sendManifest(response));
    await expect(silent.registry.resolve({ ...silent.place, digest: told })).rejects.toMatchObject({
      reason: 'corrupt',
    });
    expect((await silent.registry.resolve({ ...silent.tagged, digest: digestOf(manifest) })).manifest.layers).toEqual([
      blob,
    ]);
  });

  it.each([
    ['no JSON', mediaTypes.manifest, '<html>', /no JSON/],
    ['not one', mediaTypes.manifest, '{"schemaVersion":2}', /config/],
    ['schema 1', 'application/vnd.docker.distribution.manifest.v1+json', '{"schemaVersion":1}', /schemaVersion|2/],
    ['one thing inside and another outside', mediaTypes.index, manifest.toString(), /it says .* and was sent as/],
    ['of a type unknown to us', 'text/plain', '{"mediaType":"x/y"}', /its media type is x\/y/],
  ])('is refused: %s', async (_, contentType, text, why) => {
    const { registry, tagged } = await against((_request, response) =>
      response.writeHead(200, { 'content-type': contentType }).end(text),
    );
    await expect(registry.resolve(tagged)).rejects.toMatchObject({
      reason: 'invalid',
      message: expect.stringMatching(why),
    });
  });

  it('without end is read no further than its limit', async () => {
    const { registry, tagged } = await against((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      more();
    });
    await expect(registry.resolve(tagged)).rejects.toThrow(/longer than 4194304 bytes/);
  });

  it('that drips in is given up', async () => {
    const dripping: RequestListener = (_, response) => {
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    };
    const { registry, tagged } = await against(dripping, {}, impatient);
    await expect(registry.resolve(tagged)).rejects.toThrow('the whole answer did not come within 0.3 s');
  });

  it('is picked from an index of one, and asked for by name from an index of more', async () => {
    const child = { mediaType: mediaTypes.manifest, digest: digestOf(manifest), size: manifest.byteLength };
    const platform = { os: 'linux', architecture: 'arm64' };
    let manifests: object[] = [child];
    const { registry, tagged } = await against((request, response) => {
      if (request.url?.includes('sha256:')) sendManifest(response);
      else
        response
          .writeHead(200, { 'content-type': mediaTypes.index })
          .end(JSON.stringify({ schemaVersion: 2, manifests }));
    });
    expect((await registry.resolve(tagged)).descriptor.digest).toBe(child.digest);
    manifests = [child, { ...child, platform }];
    await expect(registry.resolve(tagged)).rejects.toThrow(/index of 2 manifests; name one .*\(linux\/arm64\)/);
  });

  it('needs a tag or a digest, and a reference that can be one', async () => {
    const { registry, place } = await against((_, response) => response.end());
    await expect(registry.resolve(place)).rejects.toMatchObject({ reason: 'invalid' });
    for (const odd of [
      { tag: '../x' },
      { digest: 'sha256:x' },
      { tag: 'a', repository: 'a/../b' },
      { tag: 'a', registry: 'u@h' },
    ]) {
      await expect(registry.resolve({ ...place, ...odd })).rejects.toMatchObject({ reason: 'invalid' });
    }
  });
});

describe('tags', () => {
  it('are read page by page from the registry itself, wherever the links point', async () => {
    const { registry, place } = await against((request, response) => {
      const last = new URL(request.url ?? '', 'http://x').searchParams.get('last');
      if (last === null)
        response.setHeader('link', '<http://evil.example/v2/apps/pump/tags/list?n=2&last=b>; rel="next"');
      response.end(JSON.stringify({ name: 'x', tags: last === null ? ['a', 'b'] : ['c'] }));
    });
    expect(await registry.tags(place)).toEqual(['a', 'b', 'c']);
  });

  it('may be null, may not be nonsense, and must end', async () => {
    const answers = ['{"tags":null}', '{"tags":[1]}', 'no'];
    const { registry, place } = await against((_, response) => response.end(answers.shift()));
    expect(await registry.tags(place)).toEqual([]);
    await expect(registry.tags(place)).rejects.toMatchObject({ reason: 'invalid' });
    await expect(registry.tags(place)).rejects.toMatchObject({ reason: 'invalid' });
    const endless = await against((_, response) => {
      response.setHeader('link', '<?last=a>; rel="next"').end('{"tags":["a"]}');
    });
    await expect(endless.registry.tags(endless.place)).rejects.toThrow('does not end');
  });
});

describe('a registry that is busy', () => {
  it('is asked again after the time that it asks for, and after a growing one otherwise', async () => {
    const answers: [number, Record<string, string>][] = [
      [429, { 'retry-after': '7' }],
      [503, {}],
      [502, { 'retry-after': new Date(clock.now() + 7_400 + 9_000).toUTCString() }],
    ];
    const { registry, tagged } = await against((_, response) => {
      const [status, headers] = answers.shift() ?? [200, {}];
      if (status === 200) sendManifest(response);
      else response.writeHead(status, headers).end();
    });
    expect((await registry.resolve(tagged)).manifest.layers).toEqual([blob]);
    expect(clock.delays.slice(0, 2)).toEqual([7_000, 400]);
    expect(clock.delays[2]).toBeGreaterThan(8_000);
    expect(clock.delays[2]).toBeLessThanOrEqual(9_000);
  });

  it('is not asked for ever, and is not waited for too long', async () => {
    let asked = 0;
    const { registry, tagged } = await against((request, response) => {
      asked += 1;
      const wait = request.url?.includes('blobs') ? { 'retry-after': '3600' } : {};
      response.writeHead(503, wait).end('{"errors":[{"code":"UNAVAILABLE","message":"tired\\nand busy"}]}');
    });
    await expect(registry.resolve(tagged)).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('HTTP 503, UNAVAILABLE: tired and busy'),
    });
    expect(asked).toBe(4);
    await expect(registry.fetch(tagged, blob, 100)).rejects.toMatchObject({ reason: 'unreachable' });
    expect(asked).toBe(5);
  });

  it('is not pushed to twice', async () => {
    let posts = 0;
    const { registry, tagged } = await against((request, response) => {
      if (request.method === 'POST') posts += 1;
      response.writeHead(request.method === 'POST' ? 503 : 404).end();
    });
    await expect(registry.push(tagged, { artifactType: 'x/y', layers: [] })).rejects.toMatchObject({
      reason: 'unreachable',
    });
    expect(posts).toBe(1);
  });

  it('or has just closed an idle connection is asked again', async () => {
    let asked = 0;
    const { registry, tagged } = await against((request, response) => {
      asked += 1;
      if (asked === 1) request.socket.destroy();
      else sendManifest(response);
    });
    expect((await registry.resolve(tagged)).manifest.layers).toEqual([blob]);
  });
});

describe('a redirect', () => {
  it('to another host takes no credentials along', async () => {
    const seen: (string | undefined)[] = [];
    const store = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end(bytes);
    });
    const { registry, place } = await against(
      (request, response) => {
        if (request.headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else response.writeHead(307, { location: `${store.url}/signed?secret=s3cr3t` }).end('moved');
      },
      { username: 'ada', password: 'lovelace' },
    );
    expect(bytes.equals(await registry.fetch(place, blob, 100))).toBe(true);
    expect(bytes.equals(await registry.fetch(place, blob, 100))).toBe(true);
    expect(seen).toEqual([undefined, undefined]);
  });

  it('is believed no more than the digest, and its challenge not at all', async () => {
    const seen: (string | undefined)[] = [];
    const store = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401, { 'www-authenticate': 'Basic realm="give me"' }).end();
    });
    const { registry, place } = await against(
      (_, response) => response.writeHead(307, { location: `${store.url}/signed?secret=s3cr3t` }).end(),
      { username: 'ada', password: 'lovelace' },
    );
    const fault: unknown = await registry.fetch(place, blob, 100).catch((error: unknown) => error);
    expect(fault).toMatchObject({ reason: 'denied', message: expect.stringContaining(store.host) });
    expect(String(fault)).not.toContain('s3cr3t');
    expect(seen).toEqual([undefined]);
  });

  it.each([
    ['in circles', '/v2/apps/pump/blobs/again', /in circles/],
    ['to plain http elsewhere', 'http://store.example/x', /which is not https/],
    ['to a file', 'file:///etc/passwd', /which is not https/],
  ])('%s is refused', async (_, location, why) => {
    const { registry, place } = await against((_request, response) => response.writeHead(302, { location }).end());
    await expect(registry.fetch(place, blob, 100)).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringMatching(why),
    });
  });
});

describe('who is not listed', () => {
  it('is refused, with what to add', async () => {
    const registry = client({ registries: [] });
    const place = { registry: 'harbor.example:8443', repository: 'a', tag: '1' };
    await expect(registry.resolve(place)).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining(
        'add `- url: https://harbor.example:8443` to the `registries` of its `registry.oci` or `registry.harbor` entry',
      ),
    });
  });

  it('is reached over https where the profile allows it', async () => {
    const { serving } = await against((_, response) => response.end());
    const registry = client({ unlisted: 'allow', attempts: 1 });
    const place = { registry: serving.host, repository: 'a', tag: '1' };
    await expect(registry.resolve(place)).rejects.toThrow(/TLS certificate or handshake/);
  });
});

describe('a push', () => {
  it.each([
    ['relative', (path: string) => path],
    ['absolute', (path: string, url: string) => `${url}${path}`],
  ])('follows a %s address, keeps its query, and sends nothing twice', async (_, locate) => {
    const stored = new Map<string, Buffer>();
    const seen: string[] = [];
    let url = '';
    const { registry, tagged, serving } = await against((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const name = request.url?.split('/').at(-1) ?? '';
      if (request.method === 'HEAD') {
        const found = stored.get(name);
        response.writeHead(found ? 200 : 404, found && { 'docker-content-digest': digestOf(found) }).end();
      } else if (request.method === 'POST') {
        response.writeHead(202, { location: locate('/upload/1?state=x', url) }).end();
      } else {
        const parts: Buffer[] = [];
        request.on('data', (part: Buffer) => parts.push(part));
        request.on('end', () => {
          stored.set(new URL(request.url ?? '', url).searchParams.get('digest') ?? name, Buffer.concat(parts));
          response.writeHead(201).end();
        });
      }
    });
    url = serving.url;
    const layers = [{ mediaType: 'text/plain', bytes }];
    const descriptor = await registry.push(tagged, { artifactType: 'x/y', layers });
    expect(stored.get(blob.digest)?.equals(bytes)).toBe(true);
    expect(descriptor.digest).toBe(digestOf(stored.get('1.0.0') ?? Buffer.alloc(0)));
    expect(seen.filter((line) => line.startsWith('PUT /upload/1?state=x&digest=sha256'))).toHaveLength(2);
    const before = seen.length;
    await registry.push(tagged, { artifactType: 'x/y', layers });
    expect(seen.slice(before).every((line) => line.startsWith('HEAD'))).toBe(true);
  });

  it('takes no credentials to an upload address on another host', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      request.resume().on('end', () => response.writeHead(403).end());
    });
    const { registry, tagged } = await against(
      (request, response) => {
        if (request.headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else if (request.method === 'POST') response.writeHead(202, { location: `${other.url}/u` }).end();
        else response.writeHead(404).end();
      },
      { username: 'ada', password: 'lovelace' },
    );
    await expect(registry.push(tagged, { artifactType: 'x/y', layers: [] })).rejects.toMatchObject({
      reason: 'denied',
    });
    expect(seen).toEqual([undefined]);
  });

  it('to a digest that is not its own is invalid', async () => {
    const { registry, place } = await against((_, response) => response.writeHead(404).end());
    const push = registry.push({ ...place, digest: blob.digest }, { artifactType: 'x/y', layers: [] });
    await expect(push).rejects.toMatchObject({ reason: 'invalid' });
  });

  it('that the registry refuses says why, without our password', async () => {
    const { registry, tagged } = await against(
      (request, response) => {
        if (request.headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else if (request.method === 'HEAD') response.writeHead(404).end();
        else response.writeHead(405).end('{"errors":[{"code":"UNSUPPORTED","message":"ada:lovelace may only read"}]}');
      },
      { username: 'ada', password: 'lovelace' },
    );
    await expect(registry.push(tagged, { artifactType: 'x/y', layers: [] })).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('UNSUPPORTED: ada:*** may only read'),
    });
  });
});

describe('with our own registry', () => {
  it('an artifact comes back as it was pushed, over TLS with a CA that is made later and then renewed', async () => {
    const storage = new RegistryStorage(folder, { blobLimit: 1e6, openUploads: 4, uploadIdle: 1e6 }, clock);
    await storage.uploads.start();
    const handler = distribution({ storage, log: quietLog(), anonymousPull: false });
    const ca = join(folder, 'ca.crt');
    const token = join(folder, 'token');
    const layers = [{ mediaType: 'text/plain', bytes, annotations: { 'org.opencontainers.image.title': 'hello.txt' } }];
    let registry: ArtifactRegistry | undefined;
    let port = 0;
    for (const round of ['first', 'second']) {
      const certificate = await selfSigned(['127.0.0.1']);
      const serving = await serveMount(handler, { [round]: 'operator' }, certificate, port);
      port = Number(new URL(serving.url).port);
      registry ??= client({ registries: [{ url: serving.url, ca, passwordFile: token }] });
      const to = { registry: serving.host, repository: 'apps/pump', tag: round };
      if (round === 'first')
        await expect(registry.push(to, { artifactType: 'x/y', layers })).rejects.toThrow('is not there (yet)');
      writeFileSync(token, `${round}\n`);
      writeFileSync(ca, certificate.ca);
      const descriptor = await registry.push(to, { artifactType: 'x/y', layers, annotations: { round } });
      const found = await registry.resolve(to);
      expect(found.descriptor).toEqual(descriptor);
      expect(found.manifest).toMatchObject({
        artifactType: 'x/y',
        annotations: { round },
        layers: [{ annotations: layers[0]?.annotations }],
      });
      expect(bytes.equals(await registry.fetch(to, { ...blob }, 100))).toBe(true);
      await serving.stop();
    }
  });

  it('a CA file that is no certificate is named', async () => {
    const ca = join(folder, 'ca.crt');
    writeFileSync(ca, 'nonsense');
    const registry = client({ registries: [{ url: 'https://127.0.0.1:1', ca }] });
    await expect(registry.tags({ registry: '127.0.0.1:1', repository: 'a' })).rejects.toThrow(
      `${ca} (\`ca\`) holds no PEM certificate`,
    );
  });
});

describe('what a registry offers', () => {
  const collect = async <T>(items: AsyncIterable<T> | undefined): Promise<T[]> => {
    const all: T[] = [];
    for await (const one of items ?? []) all.push(one);
    return all;
  };

  it('is its repositories, over all pages and from any place on', async () => {
    const { registry, place } = await against(({ url = '' }, response) => {
      if (!url.startsWith('/v2/_catalog')) return response.writeHead(404).end();
      if (url.includes('last=b')) return response.end('{"repositories":["c"]}');
      return response.setHeader('link', '</v2/_catalog?last=b&n=2>; rel="next"').end('{"repositories":["a","b"]}');
    });
    expect(await collect(registry.repositories?.(place.registry, 0))).toEqual(['a', 'b', 'c']);
    expect(await collect(registry.repositories?.(place.registry, 1))).toEqual(['b', 'c']);
  });

  it('is not told by every registry', async () => {
    const { registry, place } = await against((_, response) => response.writeHead(401).end());
    await expect(collect(registry.repositories?.(place.registry, 0))).rejects.toMatchObject({ reason: 'denied' });
  });

  it('is not its repositories where it has no list of them', async () => {
    const { registry, place } = await against((_, response) => response.writeHead(404).end());
    await expect(collect(registry.repositories?.(place.registry, 0))).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining(`registry ${place.registry}: this registry does not list its repositories`),
    });
  });

  it('is a tag each of a repository, with its artifact where that is one', async () => {
    const index = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] });
    const { registry, place } = await against(({ url = '' }, response) => {
      if (url.includes('/tags/list')) return response.end('{"tags":["1.0.0","all","gone","latest"]}');
      if (url.endsWith('/gone')) return response.writeHead(404).end();
      if (url.endsWith('/all')) return response.setHeader('content-type', mediaTypes.index).end(index);
      return sendManifest(response);
    });
    const found = { digest: digestOf(manifest), size: manifest.byteLength + 2 * blob.size };
    const latest = { ...found, tags: ['latest'] };
    expect(await collect(registry.artifacts?.(place, 0))).toEqual([
      { ...found, tags: ['1.0.0'] },
      { tags: ['all'] },
      latest,
    ]);
    expect(await collect(registry.artifacts?.(place, 3))).toEqual([latest]);
  });
});
