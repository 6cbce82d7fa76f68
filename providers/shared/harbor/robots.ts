import type { Clock } from '../../../core/plugin/index.js';
import type { ApiCall, HarborApi } from './api.js';
import { createdRobot, type Robot, refreshedSecret, robot } from './documents.js';

/** A robot account with its secret, which Harbor tells once. */
export interface IssuedRobot {
  readonly id: number;
  /** Who logs in: `robot$apps+press-7`. */
  readonly username: string;
  readonly password: string;
  /** Milliseconds since the epoch; absent: it does not expire. */
  readonly expiresAt?: number;
}

export interface RobotsOptions {
  readonly project: string;
  /** Days that an account is good for. */
  readonly days: number;
}

const day = 86_400_000;

/** Robot accounts of one project that may pull from it, and nothing else. */
export class Robots {
  constructor(
    private readonly api: HarborApi,
    private readonly clock: Clock,
    private readonly options: RobotsOptions,
  ) {}

  /** Accounts of the project, ours or not. */
  async *list(call: ApiCall = {}): AsyncGenerator<Robot, void, undefined> {
    const { project } = this.options;
    const { project_id: id } = await this.api.project(project, call);
    yield* this.api.list(
      '/robots',
      { q: `Level=project,ProjectID=${id}` },
      robot,
      `robots of project ${project}`,
      call,
    );
  }

  /**
   * The account of this name with a new secret: what was told before does not count any more. One that is disabled, or has
   * lived for half of its time, is made anew.
   * @param name without Harbor's prefix and the project
   */
  async issue(name: string, call: ApiCall = {}): Promise<IssuedRobot> {
    const present = await this.#find(name, call);
    if (present && this.#isGood(present)) {
      const path = `/robots/${present.id}`;
      const { secret } = await this.api.write('PATCH', path, {}, refreshedSecret, `secret of robot ${name}`, call);
      return issued(present, secret);
    }
    if (present) await this.remove(present.id, call);
    return this.#create(name, call);
  }

  /** One that is gone already is no fault. */
  async remove(id: number, call: ApiCall = {}): Promise<void> {
    const answer = await this.api.send('DELETE', `/robots/${id}`, `robot ${id}`, call, { accept: [404] });
    await answer.body.dump();
  }

  /** Ends the account of this name; one that is not there is no fault. */
  async revoke(name: string, call: ApiCall = {}): Promise<void> {
    const present = await this.#find(name, call);
    if (present) await this.remove(present.id, call);
  }

  async #create(name: string, call: ApiCall): Promise<IssuedRobot> {
    const { project, days } = this.options;
    const access = [{ resource: 'repository', action: 'pull' }];
    const account = {
      name,
      description: 'A device that Tutti manages; made and ended by its fleet manager',
      level: 'project',
      disable: false,
      duration: days,
      permissions: [{ kind: 'project', namespace: project, access }],
    };
    const made = await this.api.write('POST', '/robots', account, createdRobot, `robot ${name}`, call);
    return issued(made, made.secret);
  }

  async #find(name: string, call: ApiCall): Promise<Robot | undefined> {
    for await (const each of this.list(call)) if (each.name.endsWith(`+${name}`)) return each;
    return undefined;
  }

  #isGood({ disable = false, expires_at: expires = -1 }: Robot): boolean {
    return !disable && (expires < 0 || expires * 1000 - this.clock.now() > (this.options.days * day) / 2);
  }
}

function issued({ id, name, expires_at: expires = -1 }: Robot, password: string): IssuedRobot {
  return { id, username: name, password, ...(expires >= 0 && { expiresAt: expires * 1000 }) };
}
