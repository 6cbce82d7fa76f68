import { allOf, Mirror } from '../../core/mirror/index.js';
import { type Principal, Problem, problems, type Role } from '../../core/operation/index.js';
import type { Clock, Health, Lifecycle, Logger } from '../../core/plugin/index.js';
import {
  type Change,
  collection,
  type Expectation,
  put,
  remove,
  StateConflict,
  type StateProvider,
} from '../../core/ports/index.js';
import { AdminFile } from './admin-file.js';
import { type AccessManager, longestLifetimeSeconds, type TokenRecord, type TokenView } from './index.js';
import { hashSecret, newToken, parseToken, secretMatches, type TokenParts, tokenText } from './token.js';

export const tokens = collection<TokenRecord>('access-tokens');

/** Under {@link firstKey}: which token the first admin was given, so that of hosts that start together one gives it. */
const firstAdmins = collection<{ readonly token: string }>('access-first-admin');
const firstKey = 'first';

const firstName = 'first admin';

interface Known {
  readonly record: TokenRecord;
  readonly principal: Principal;
}

interface TokenRequest {
  readonly name: string;
  readonly role: Role;
  readonly lifetimeSeconds?: number;
}

/** Compared with when the id is unknown, so that an unknown id takes as long as a wrong secret. */
const noSecret = '0'.repeat(64);

export interface AccessParts {
  readonly state: StateProvider;
  readonly clock: Clock;
  readonly log: Logger;
  readonly dataDir: string;
}

export class TokenAccess implements AccessManager, Lifecycle {
  readonly #state: StateProvider;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #file: AdminFile;
  readonly #known: Mirror<TokenRecord, Known>;

  constructor({ state, clock, log, dataDir }: AccessParts) {
    this.#state = state;
    this.#clock = clock;
    this.#log = log;
    this.#file = new AdminFile(dataDir);
    this.#known = new Mirror<TokenRecord, Known>({
      state,
      collection: tokens,
      clock,
      project: ({ value: record }) => ({
        record,
        principal: Object.freeze({ kind: 'user', id: `token:${record.id}`, roles: Object.freeze([record.role]) }),
      }),
    });
  }

  async start(): Promise<void> {
    // Read before the tokens: a host that makes the first one in between is noticed.
    const claimed = await this.#state.get(firstAdmins, firstKey);
    await this.#known.start();
    if (this.#admins().length === 0) await this.#firstAdmin(claimed?.revision ?? 'absent');
    else if (await this.#file.resetIsAsked()) await this.#anotherAdmin();
    else await this.#missFile();
    await this.#file.resetIsDone();
  }

  stop(): Promise<void> {
    return this.#known.stop();
  }

  health(): Health {
    return this.#known.health();
  }

  principalOf(token: string): Principal | undefined {
    const parts = parseToken(token);
    if (!parts) return undefined;
    const known = this.#known.get(parts.id);
    const proven = secretMatches(parts.secret, known?.record.secretHash ?? noSecret);
    return known && proven && this.#valid(known.record) ? known.principal : undefined;
  }

  async issue(request: TokenRequest): Promise<{ readonly token: string; readonly record: TokenView }> {
    if ((request.lifetimeSeconds ?? 0) > longestLifetimeSeconds) {
      const message = `must be at most ${longestLifetimeSeconds}, which is ten years`;
      const errors = [{ field: 'lifetimeSeconds', message }];
      throw new Problem(problems.semanticError, `lifetimeSeconds ${message}`, { errors });
    }
    const parts = newToken();
    const record = await this.#keep(parts, request);
    this.#log.info('issued an API token', { token: record.id, tokenName: record.name, role: record.role });
    return { token: tokenText(parts), record };
  }

  async list(): Promise<readonly TokenView[]> {
    return [...this.#known.values()]
      .map(([, { record }]) => view(record))
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  async revoke(id: string): Promise<void> {
    for (;;) {
      const revoked = await this.#state.get(tokens, id);
      if (!revoked) throw new Problem(problems.notFound, `there is no token ${id}`);
      const { role, name } = revoked.value;
      const kept = role === 'admin' ? [await this.#anotherAdminThan(id)] : [];
      // The file first: a crash in between leaves a live token without its file, never a dead one that could come back.
      await this.#file.forget(id);
      try {
        this.#known.delete(id, await this.#state.commit([remove(tokens, id, revoked.revision), ...kept]));
      } catch (error) {
        if (error instanceof StateConflict) continue;
        throw error;
      }
      this.#log.info('revoked an API token', { token: id, tokenName: name });
      return;
    }
  }

  /**
   * Another admin token as it is, to be written along: of two revocations at once, on whichever hosts, each would leave
   * the other's token as the last.
   * @throws Problem 409
   */
  async #anotherAdminThan(id: string): Promise<Change> {
    for await (const { key, revision, value } of allOf(this.#state, tokens)) {
      if (key !== id && value.role === 'admin' && this.#valid(value)) return put(tokens, key, value, revision);
    }
    throw new Problem(problems.conflict, `${id} is the last admin token; issue another one first`);
  }

  /**
   * Nobody can get in as an admin: leaves a way in a file. The file is written before the token counts, so that a crash
   * in between leaves a file whose token the next start takes over, and never an issued token that nobody knows.
   */
  async #firstAdmin(claimed: Expectation): Promise<void> {
    const left = this.#known.size === 0 ? await this.#file.read() : undefined;
    const parts = left ?? newToken();
    if (left) await this.#file.protect();
    else await this.#file.write(parts);
    try {
      const claim = put(firstAdmins, firstKey, { token: parts.id }, claimed);
      await this.#keep(parts, { name: firstName, role: 'admin' }, [claim]);
      this.#log.info('the first admin token is in a file', { file: this.#file.path, token: parts.id });
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      // Another host on the store, which started at the same time, has left it where it was told to.
      if (!left) await this.#file.forget(parts.id);
      this.#log.info('the first admin token is in the file of another host on the same store');
    }
  }

  /** The file first, as for the first admin; a crash before the request is removed only makes one more at the next start. */
  async #anotherAdmin(): Promise<void> {
    const parts = newToken();
    await this.#file.write(parts);
    await this.#keep(parts, { name: firstName, role: 'admin' });
    const file = this.#file.path;
    this.#log.info('audit', {
      audit: true,
      actor: this.#file.resetPath,
      action: 'tokens.create',
      object: parts.id,
      outcome: 'done',
    });
    this.#log.warn('a new admin token was asked for and is in a file; revoke those that are lost', { file });
  }

  /** The first token counts, yet is not where it was left: somebody may be looking for it. */
  async #missFile(): Promise<void> {
    if (!this.#admins().some(({ record }) => record.name === firstName)) return;
    if (await this.#file.read()) return;
    const { path: file, resetPath } = this.#file;
    this.#log.warn(
      `there is no token in the file of the first admin token, which still counts; if no admin token is left to you, make an empty file ${resetPath} and start again`,
      { file },
    );
  }

  async #keep(parts: TokenParts, request: TokenRequest, alongside: readonly Change[] = []): Promise<TokenView> {
    const now = this.#clock.now();
    const value: TokenRecord = {
      id: parts.id,
      name: request.name,
      role: request.role,
      secretHash: hashSecret(parts.secret),
      createdAt: now,
      ...(request.lifetimeSeconds !== undefined && { expiresAt: now + request.lifetimeSeconds * 1000 }),
    };
    const revision = await this.#state.commit([put(tokens, value.id, value, 'absent'), ...alongside]);
    this.#known.put({ key: value.id, revision, value });
    return view(value);
  }

  #admins(): Known[] {
    return [...this.#known.values()].flatMap(([, known]) =>
      known.record.role === 'admin' && this.#valid(known.record) ? [known] : [],
    );
  }

  #valid({ expiresAt }: TokenRecord): boolean {
    return expiresAt === undefined || this.#clock.now() < expiresAt;
  }
}

function view({ secretHash: _, ...shown }: TokenRecord): TokenView {
  return shown;
}
