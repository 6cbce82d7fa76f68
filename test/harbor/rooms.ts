/** A user of the stand-in, or a robot account. */
export interface User {
  readonly username: string;
  may(project: string, action: string): boolean;
}

export interface StoredRobot {
  readonly id: number;
  readonly name: string;
  readonly project: string;
  readonly actions: readonly string[];
  readonly expiresAt: number;
  secret: string;
  disable: boolean;
}

export interface StoredProject {
  readonly id: number;
  readonly name: string;
  /** Bytes; -1: no limit. */
  hard: number;
  used: number;
  /** Repositories, by their names without the project. */
  readonly repositories: Set<string>;
  /** Digests whose scan found too much to be pulled. */
  readonly blocked: Set<string>;
}

export interface StoredArtifact {
  readonly digest: string;
  readonly tags: readonly string[];
}

/** What the stand-in keeps: projects, robot accounts, reports of scans. */
export class Rooms {
  readonly admin = { username: 'ada', password: 'Lovelace1815' };
  readonly projects = new Map<string, StoredProject>();
  readonly robots = new Map<number, StoredRobot>();
  /** Overviews, by digest. */
  readonly scans = new Map<string, object>();
  /** What repositories have, by their names with the project. */
  readonly artifacts = new Map<string, readonly StoredArtifact[]>();
  /** Every secret that a robot account ever had. */
  readonly secrets: string[] = [];
  #ids = 6;

  addProject(name: string, repositories: readonly string[] = []): StoredProject {
    const project = {
      id: ++this.#ids,
      name,
      hard: -1,
      used: 0,
      repositories: new Set(repositories),
      blocked: new Set<string>(),
    };
    this.projects.set(name, project);
    return project;
  }

  addRobot(project: string, name: string, actions: readonly string[], days: number): StoredRobot {
    const id = ++this.#ids;
    const expiresAt = days < 0 ? -1 : Math.floor(Date.now() / 1000) + days * 86_400;
    const secret = this.newSecret();
    const robot = { id, name: `robot$${project}+${name}`, project, actions, expiresAt, secret, disable: false };
    this.robots.set(id, robot);
    return robot;
  }

  newSecret(): string {
    const secret = `Secret${this.secrets.length}of${Math.random().toString(36).slice(2)}`;
    this.secrets.push(secret);
    return secret;
  }

  /** @param field `Authorization` of a request */
  userOf(field: string | undefined): User | undefined {
    const pair = Buffer.from(/^Basic (.*)$/.exec(field ?? '')?.[1] ?? '', 'base64').toString();
    const [username, password] = [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)];
    if (username === this.admin.username && password === this.admin.password) return { username, may: () => true };
    const robot = [...this.robots.values()].find((one) => one.name === username && one.secret === password);
    const good = robot && !robot.disable && (robot.expiresAt < 0 || robot.expiresAt * 1000 > Date.now());
    if (!good) return undefined;
    return { username, may: (project, action) => project === robot.project && robot.actions.includes(action) };
  }

  /** What Harbor has to say before its registry is asked. */
  ruleAgainst(method: string, path: string): { readonly status: number; readonly body: object } | undefined {
    const [, name, rest, reference] = /^\/v2\/([^/]+)\/(.+)\/manifests\/([^/?]+)$/.exec(path) ?? [];
    const project = this.projects.get(name ?? '');
    if (!project || rest === undefined || reference === undefined) return undefined;
    if (method === 'PUT' && project.hard >= 0 && project.used >= project.hard) {
      const message =
        'adding 1.0 MiB of storage resource, which when updated to current usage will exceed the configured upper limit: the quota of the project';
      return { status: 403, body: { errors: [{ code: 'DENIED', message }] } };
    }
    if (method === 'GET' && project.blocked.has(reference)) {
      const message = 'current image with 3 vulnerabilities cannot be pulled due to configured policy in project';
      return { status: 412, body: { errors: [{ code: 'PROJECTPOLICYVIOLATION', message }] } };
    }
    if (method === 'PUT') project.repositories.add(rest);
    return undefined;
  }
}
