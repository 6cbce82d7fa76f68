import type { IncomingMessage } from 'node:http';
import type { Rooms, StoredProject, StoredRobot, User } from './rooms.js';

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type DigestOf = (repository: string, reference: string) => Promise<string | undefined>;

const error = (status: number, code: string, message = code.toLowerCase()): Reply => ({
  status,
  body: { errors: [{ code, message }] },
});

/** The API of the stand-in, as a function of what it keeps. */
export async function apiAnswer(
  rooms: Rooms,
  { method = '', headers }: IncomingMessage,
  target: string,
  body: string,
  digestOf: DigestOf,
): Promise<Reply> {
  const user = rooms.userOf(headers.authorization);
  if (headers.cookie !== undefined) return error(403, 'FORBIDDEN', 'CSRF token not found in request');
  if (!user) return error(401, 'UNAUTHORIZED');
  const url = new URL(target, 'http://harbor');
  const [, , , kind, first, second, third, , reference] = url.pathname.split('/').map(decodeURIComponent);
  const page = paged(url);
  if (kind === 'robots') return robots(rooms, user, method, first, body, url, page);
  if (kind !== 'projects' || method !== 'GET') return error(404, 'NOT_FOUND');
  if (first === undefined) {
    return page([...rooms.projects.values()].filter(({ name }) => user.may(name, 'pull')).map(projectView));
  }
  const project = rooms.projects.get(first);
  if (!project) return error(404, 'NOT_FOUND', `project ${first} not found`);
  if (!user.may(first, 'pull')) return error(403, 'FORBIDDEN');
  if (second === undefined) return { status: 200, body: projectView(project) };
  if (second === 'summary') {
    const quota = { hard: { storage: project.hard }, used: { storage: project.used } };
    return { status: 200, body: { repo_count: project.repositories.size, chart_count: 0, quota } };
  }
  if (third === undefined) return page([...project.repositories].map((name, at) => repositoryView(project, name, at)));
  // Decoded once above; what is left is what a proxy on the way has not touched.
  const repository = decodeURIComponent(third);
  if (!project.repositories.has(repository)) return error(404, 'NOT_FOUND', `repository ${repository} not found`);
  const withScan = url.searchParams.get('with_scan_overview') === 'true';
  if (reference === undefined) {
    const kept = rooms.artifacts.get(`${first}/${repository}`) ?? [];
    return page(kept.map(({ digest, tags }) => artifactView(rooms, digest, withScan, tags)));
  }
  const digest = await digestOf(`${first}/${repository}`, reference);
  if (digest === undefined) return error(404, 'NOT_FOUND', `artifact ${reference} not found`);
  return { status: 200, body: artifactView(rooms, digest, withScan) };
}

function robots(
  rooms: Rooms,
  user: User,
  method: string,
  id: string | undefined,
  body: string,
  url: URL,
  page: (items: readonly object[]) => Reply,
): Reply {
  if (user.username !== rooms.admin.username) return error(403, 'FORBIDDEN');
  if (method === 'GET') {
    const projectId = Number(/^Level=project,ProjectID=(\d+)$/.exec(url.searchParams.get('q') ?? '')?.[1]);
    return page(
      [...rooms.robots.values()].filter(({ project }) => rooms.projects.get(project)?.id === projectId).map(robotView),
    );
  }
  if (method === 'POST') {
    const { name, duration, permissions } = JSON.parse(body);
    const [{ namespace, access }] = permissions;
    const actions = access.map(({ action }: { action: string }) => action);
    const made = rooms.addRobot(namespace, name, actions, duration);
    const reply = { id: made.id, name: made.name, secret: made.secret, expires_at: made.expiresAt };
    return { status: 201, body: { ...reply, creation_time: new Date().toISOString() } };
  }
  const robot = rooms.robots.get(Number(id));
  if (!robot) return error(404, 'NOT_FOUND');
  if (method === 'DELETE') {
    rooms.robots.delete(robot.id);
    return { status: 200 };
  }
  robot.secret = rooms.newSecret();
  return { status: 200, body: { secret: robot.secret } };
}

/** One page, with the headers that Harbor has for the others. */
function paged(url: URL): (items: readonly object[]) => Reply {
  const [page, size] = [Number(url.searchParams.get('page') ?? 1), Number(url.searchParams.get('page_size') ?? 10)];
  return (items) => {
    const next = new URL(url);
    next.searchParams.set('page', String(page + 1));
    const more = page * size < items.length;
    return {
      status: 200,
      body: items.slice((page - 1) * size, page * size),
      headers: {
        'x-total-count': String(items.length),
        ...(more && { link: `<${next.pathname}${next.search}>; rel="next"` }),
      },
    };
  };
}

const time = '2026-01-01T00:00:00.000Z';

function projectView({ id, name, repositories }: StoredProject): object {
  const rest = { creation_time: time, update_time: time, owner_id: 1, owner_name: 'ada' };
  return {
    project_id: id,
    name,
    repo_count: repositories.size,
    chart_count: 0,
    metadata: { public: 'false' },
    ...rest,
  };
}

function repositoryView({ id, name: project }: StoredProject, name: string, at: number): object {
  const times = { creation_time: time, update_time: time };
  return { id: at + 1, project_id: id, name: `${project}/${name}`, artifact_count: 1, pull_count: 0, ...times };
}

function artifactView(rooms: Rooms, digest: string, withScan: boolean, tags: readonly string[] = []): object {
  const scan = rooms.scans.get(digest);
  const described = { id: 1, project_id: 1, repository_id: 1, push_time: time, type: 'UNKNOWN', size: 1 };
  const named = tags.map((name, at) => ({ id: at + 1, repository_id: 1, artifact_id: 1, name, push_time: time }));
  return { ...described, digest, tags: named, ...(withScan && scan && { scan_overview: scan }) };
}

function robotView({ id, name, expiresAt, disable, project, actions }: StoredRobot): object {
  const access = actions.map((action) => ({ resource: 'repository', action }));
  const permissions = [{ kind: 'project', namespace: project, access }];
  return { id, name, level: 'project', duration: 30, editable: true, disable, expires_at: expiresAt, permissions };
}
