import type { z } from '../../../core/plugin/index.js';
import { type RegistryCall, RegistryFault } from '../../../core/ports/index.js';
import {
  type Answer,
  type Endpoint,
  type OciConfig,
  type RegistryRequest,
  readLimited,
  type Transport,
} from '../oci/index.js';
import {
  type Artifact,
  artifact,
  type Project,
  project,
  projectSummary,
  type Quota,
  type Repository,
  repository,
} from './documents.js';

export type ApiCall = Pick<RegistryCall, 'signal' | 'credentials'>;

const base = '/api/v2.0';
/** The most that Harbor gives at once. */
const pageSize = 100;
/** A list that is longer than a million has no end. */
const mostPages = 10_000;
const answerLimit = 4 * 1024 * 1024;

/**
 * Harbor's own API, version 2.0, of one Harbor. Credentials go along with each request; no session is begun, no cookie
 * is kept, and so no request needs a token against forgery (CSRF).
 *
 * All calls reject with RegistryFault, an abort excepted.
 */
export class HarborApi {
  constructor(
    private readonly transport: Transport,
    private readonly endpoint: Endpoint,
    private readonly timeouts: OciConfig['timeouts'],
  ) {}

  /** Those that the caller may see. */
  projects(call: ApiCall = {}): AsyncGenerator<Project, void, undefined> {
    return this.list('/projects', {}, project, 'projects', call);
  }

  project(name: string, call: ApiCall = {}): Promise<Project> {
    return this.read(`/projects/${encodeURIComponent(name)}`, project, `project ${name}`, call);
  }

  /** Space in a project. */
  async quota(name: string, call: ApiCall = {}): Promise<Quota> {
    const path = `/projects/${encodeURIComponent(name)}/summary`;
    const { quota } = await this.read(path, projectSummary, `quota of project ${name}`, call);
    const limit = quota?.hard['storage'] ?? -1;
    return { used: quota?.used['storage'] ?? 0, ...(limit >= 0 && { limit }) };
  }

  repositories(inProject: string, call: ApiCall = {}): AsyncGenerator<Repository, void, undefined> {
    const path = `/projects/${encodeURIComponent(inProject)}/repositories`;
    return this.list(path, {}, repository, `repositories of project ${inProject}`, call);
  }

  /** With the overview of their scans. @param name with the project: `apps/pump` @param from how many are left out */
  artifacts(name: string, call: ApiCall = {}, from = 0): AsyncGenerator<Artifact, void, undefined> {
    const query = { with_tag: 'true', with_scan_overview: 'true' };
    return this.list(`${pathOf(name)}/artifacts`, query, artifact, `artifacts of ${name}`, call, from);
  }

  /** With the overview of its scan, where there is one. @param reference tag or digest */
  artifact(name: string, reference: string, call: ApiCall = {}): Promise<Artifact> {
    const path = `${pathOf(name)}/artifacts/${encodeURIComponent(reference)}?with_scan_overview=true`;
    return this.read(path, artifact, `artifact ${name} ${reference}`, call);
  }

  /** Page by page; the next one is asked for when somebody wants it. @param from how many are left out */
  async *list<S extends z.ZodType>(
    path: string,
    query: Readonly<Record<string, string>>,
    item: S,
    what: string,
    call: ApiCall,
    from = 0,
  ): AsyncGenerator<z.output<S>, void, undefined> {
    const first = Math.floor(from / pageSize);
    let seen = first * pageSize;
    for (let page = first + 1; page <= mostPages; page++) {
      const search = new URLSearchParams({ ...query, page: String(page), page_size: String(pageSize) });
      const answer = await this.send('GET', `${path}?${search}`, what, call);
      const items = await this.#parsed(answer, item.array().nullable(), call);
      yield* items?.slice(Math.max(0, from - seen)) ?? [];
      seen += items?.length ?? 0;
      if (!items?.length || !hasNext(answer, seen)) return;
    }
    throw new RegistryFault('corrupt', `registry ${this.endpoint.host}: ${what}: the list does not end`);
  }

  async read<S extends z.ZodType>(path: string, document: S, what: string, call: ApiCall): Promise<z.output<S>> {
    return this.#parsed(await this.send('GET', path, what, call), document, call);
  }

  /** @param body a document to send as JSON */
  async write<S extends z.ZodType>(
    method: 'POST' | 'PATCH',
    path: string,
    body: unknown,
    document: S,
    what: string,
    call: ApiCall,
  ): Promise<z.output<S>> {
    return this.#parsed(await this.send(method, path, what, call, { body }), document, call);
  }

  send(
    method: RegistryRequest['method'],
    path: string,
    what: string,
    { credentials, signal }: ApiCall,
    { body, accept = [] }: { readonly body?: unknown; readonly accept?: readonly number[] } = {},
  ): Promise<Answer> {
    const { endpoint } = this;
    return this.transport.send({
      ...{ endpoint, method, what, credentials, signal, accept },
      url: `${base}${path}`,
      headers: {
        accept: 'application/json',
        // A project may be called 7 and be another one than the seventh.
        ...(/^\/projects\/[^/]+(?:\/summary)?$/.test(path) && { 'x-is-resource-name': 'true' }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: new TextEncoder().encode(JSON.stringify(body)) }),
    });
  }

  async #parsed<S extends z.ZodType>(answer: Answer, document: S, { signal }: ApiCall): Promise<z.output<S>> {
    const bounds = { limit: answerLimit, seconds: this.timeouts.answer, signal };
    const text = (await readLimited(answer.body, bounds, answer.asked)).toString();
    const where = `registry ${answer.asked.host}: ${answer.asked.what}`;
    try {
      return document.parse(JSON.parse(text));
    } catch {
      // The text may hold the secret of a robot account, so neither it nor what the parser says is passed on.
      throw new RegistryFault('invalid', `${where}: the answer is not what Harbor's API says; is this a Harbor?`);
    }
  }
}

/** The slashes of a repository's name are encoded twice, since proxies decode once. */
function pathOf(name: string): string {
  const slash = name.indexOf('/');
  if (slash < 1)
    throw new RegistryFault('invalid', `repository ${name}: in Harbor it begins with a project, as in apps/${name}`);
  const [inProject, rest] = [name.slice(0, slash), name.slice(slash + 1)];
  return `/projects/${encodeURIComponent(inProject)}/repositories/${encodeURIComponent(encodeURIComponent(rest))}`;
}

/** Link says so; where a proxy has taken it away, the count of all does. */
function hasNext({ headers }: Answer, seen: number): boolean {
  const link = [headers['link'] ?? ''].flat().join(', ');
  if (link !== '') return /\brel="?next"?/i.test(link);
  return Number([headers['x-total-count'] ?? 0].flat()[0]) > seen;
}
