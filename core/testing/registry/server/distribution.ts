import { digestOf, indexType, Repository } from './content.js';

/** What of a registry a request is about. */
export type RequestPart = 'manifest' | 'blob' | 'upload' | 'tags' | 'referrers' | 'token' | 'other';

export interface Prepared {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const notHere: Prepared = {
  status: 404,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"errors":[{"code":"NOT_FOUND","message":"not here"}]}'),
};
const notTaken: Prepared = {
  status: 400,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"errors":[{"code":"INVALID","message":"its digest, or what it refers to, is wrong"}]}'),
};

export function partOf(path: string): RequestPart {
  if (path === '/token') return 'token';
  if (path.includes('/blobs/uploads/')) return 'upload';
  if (path.includes('/blobs/')) return 'blob';
  if (path.includes('/manifests/')) return 'manifest';
  if (path.includes('/referrers/')) return 'referrers';
  return path.endsWith('/tags/list') ? 'tags' : 'other';
}

/** OCI Distribution v1.1 over contents in memory: from a request to its right answer. */
export class Distribution {
  pageSize = 1_000;
  /** Whether it has the referrers API; it filters nothing, as it may (OCI Distribution v1.1, "Listing Referrers"). */
  listsReferrers = true;
  readonly #repositories = new Map<string, Repository>();
  /** What came of uploads that are not finished, by their ids. */
  readonly #uploads = new Map<string, Buffer>();

  repository(name: string): Repository {
    const repository = this.#repositories.get(name) ?? new Repository();
    this.#repositories.set(name, repository);
    return repository;
  }

  answer(part: RequestPart, method: string, url: URL, body: Uint8Array): Prepared {
    const [, name = '', last = ''] =
      /^\/v2\/(.+?)\/(?:manifests|blobs\/uploads|blobs|tags|referrers)\/([^/]*)$/.exec(url.pathname) ?? [];
    const repository = this.repository(name);
    switch (part) {
      case 'manifest':
        return method === 'PUT' ? putManifest(repository, last, body) : getManifest(repository, last);
      case 'blob':
        return given(repository.blobs.get(last), 'application/octet-stream');
      case 'tags':
        return this.#tags(name, url.searchParams);
      case 'referrers':
        return this.listsReferrers ? given(repository.referrersOf(last), indexType) : notHere;
      case 'upload':
        return this.#upload(repository, method, url, last, body);
      default:
        return url.pathname === '/v2/' ? { status: 200, headers: {} } : notHere;
    }
  }

  #tags(name: string, query: URLSearchParams): Prepared {
    const { tags } = this.repository(name);
    if (tags.size === 0) return notHere;
    const after = [...tags.keys()].sort().filter((tag) => tag > (query.get('last') ?? ''));
    const page = after.slice(0, this.pageSize);
    const link = `</v2/${name}/tags/list?n=${this.pageSize}&last=${page.at(-1)}>; rel="next"`;
    return {
      status: 200,
      headers: { 'content-type': 'application/json', ...(after.length > page.length && { link }) },
      body: Buffer.from(JSON.stringify({ name, tags: page })),
    };
  }

  /** Bytes come in one piece, with the digest, or in pieces of which the last one has it. */
  #upload(repository: Repository, method: string, url: URL, asked: string, piece: Uint8Array): Prepared {
    const id = method === 'POST' ? `kit-${this.#uploads.size}` : asked;
    const whole = Buffer.concat([this.#uploads.get(id) ?? Buffer.alloc(0), piece]);
    const folder = url.pathname.replace(/[^/]*$/, '');
    const digest = url.searchParams.get('digest');
    if (digest === null) {
      this.#uploads.set(id, whole);
      const range = `0-${Math.max(0, whole.byteLength - 1)}`;
      return { status: 202, headers: { location: `${folder}${id}?state=kit`, range } };
    }
    if (digestOf(whole) !== digest) return notTaken;
    repository.blobs.set(digest, whole);
    return { status: 201, headers: { location: folder.replace('uploads/', digest), 'docker-content-digest': digest } };
  }
}

function given(body: Uint8Array | undefined, type: string): Prepared {
  if (!body) return notHere;
  return { status: 200, headers: { 'content-type': type, 'docker-content-digest': digestOf(body) }, body };
}

function getManifest(repository: Repository, reference: string): Prepared {
  const found = repository.manifest(reference);
  return given(found?.bytes, found?.mediaType ?? '');
}

/** Refused while a blob of it is not there, as real registries do. */
function putManifest(repository: Repository, reference: string, bytes: Uint8Array): Prepared {
  const { mediaType, config, layers } = JSON.parse(Buffer.from(bytes).toString());
  const blobs = [config, ...layers].map((one: { readonly digest: string }) => one.digest);
  if (!blobs.every((blob) => repository.blobs.has(blob))) return notTaken;
  const digest = digestOf(bytes);
  repository.manifests.set(digest, { mediaType, bytes });
  if (reference !== digest) repository.tags.set(reference, digest);
  return { status: 201, headers: { 'docker-content-digest': digest } };
}
