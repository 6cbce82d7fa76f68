import type { Clock } from '../../../core/plugin/index.js';
import { originalOf, part, type RedisConnection } from '../../shared/redis/index.js';
import { type Delivery, type GroupName, type Next, nextOf, patience } from './delivery.js';
import { attendScript, claimScript, nextScript } from './scripts.js';

export interface LineParts {
  readonly connection: RedisConnection;
  /** What all keys begin with. */
  readonly keyspace: string;
  /** This host, among those that share the groups. */
  readonly host: string;
  /** Milliseconds without a sign of life after which what a host delivers is taken from it. */
  readonly claimAfter: number;
  readonly clock: Clock;
}

/** A group that was forgotten, and how many events it had not handled: 1000 are 1000 or more. */
export interface Forgotten extends GroupName {
  readonly undelivered: number;
}

/** What hosts say to Redis about the deliveries of groups. Every call rejects as Redis or the way to it does. */
export class Line {
  #generation = 0;
  #since = 0;

  constructor(private readonly parts: LineParts) {}

  /** Milliseconds since it was first seen to be connected as it is now. */
  get connected(): number {
    return this.parts.clock.now() - this.#since;
  }

  /**
   * @param done the entry that was handled, which is acknowledged with this
   * @param from where events of a group begin that is not known to Redis
   */
  async next(name: GroupName, done: string | undefined, wants: boolean, from: '$' | '0'): Promise<Next> {
    const { connection, keyspace, host, claimAfter, clock } = this.parts;
    const client = await connection.ready();
    if (connection.generation !== this.#generation) {
      this.#generation = connection.generation;
      this.#since = clock.now();
    }
    const idle = patience(claimAfter, this.connected);
    const args = [part(name.type), part(name.group), host, done ?? '', wants ? '1' : '0', idle, from];
    return nextOf(name, await nextScript.run(client, keyspace, ...args));
  }

  /** Says that this host lives. Notes what another host has taken. */
  async keep(deliveries: readonly Delivery[]): Promise<void> {
    const answer = await this.#claim('1', deliveries);
    for (const [at, delivery] of deliveries.entries()) delivery.lost ||= answer[at] === 0;
  }

  /** Leaves a delivery to whichever host asks next. */
  async giveUp(delivery: Delivery): Promise<void> {
    await this.#claim('0', [delivery]);
  }

  /** Says which groups are subscribed to, and forgets those that nobody was for so many seconds. */
  async attend(names: readonly GroupName[], forgetAfter: number): Promise<readonly Forgotten[]> {
    const { connection, keyspace } = this.parts;
    const args = names.flatMap(({ type, group }) => [part(type), part(group)]);
    const answer = await attendScript.run(await connection.ready(), keyspace, forgetAfter, ...args);
    const texts = (answer as readonly Buffer[]).map(String);
    return texts.flatMap((type, at) => {
      const [group, undelivered] = [texts[at + 1], texts[at + 2]];
      if (at % 3 !== 0 || group === undefined) return [];
      return [{ type: originalOf(type), group: originalOf(group), undelivered: Number(undelivered) }];
    });
  }

  /** @returns how many events of a type some group has not handled */
  async waiting(type: string): Promise<number> {
    const { connection, keyspace } = this.parts;
    return (await connection.ready()).xlen(`${keyspace}:events:type:${part(type)}`);
  }

  async #claim(keeps: '0' | '1', deliveries: readonly Delivery[]): Promise<readonly number[]> {
    const { connection, keyspace, host } = this.parts;
    const args = deliveries.flatMap(({ type, group, entry, attempts }) => [part(type), part(group), entry, attempts]);
    return (await claimScript.run(await connection.ready(), keyspace, host, keeps, ...args)) as readonly number[];
  }
}
