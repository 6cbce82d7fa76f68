import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { Problem } from '../../core/operation/index.js';
import { type Deployment, type Northbound, type Persistence, Unanswered } from './northbound.js';

/** A deployment as it shall be, by what was acknowledged. */
export interface Desired {
  readonly device: string;
  readonly id: string;
  readonly value: number;
}

/**
 * An operator who changes the deployments of some devices, one change after the other, and makes each again until it is
 * acknowledged: then it must be there for ever.
 */
export class Operator {
  readonly desired = new Map<string, Desired>();
  readonly #progress = new EventEmitter<{ acknowledged: [] }>();
  #acknowledged = 0;
  #count = 0;
  #value = 0;

  /** @param devices client ids */
  constructor(
    private readonly api: Northbound,
    private readonly persistence: Persistence,
    private readonly name: string,
    private readonly packageId: string,
    private readonly devices: readonly string[],
  ) {}

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** One deployment for each device. */
  async deployToAll(): Promise<void> {
    for (const device of this.devices) await this.#create(device);
  }

  /** Works until `enough` aborts; the change that is under way then is made to its end. */
  async work(enough: AbortSignal): Promise<void> {
    for (let turn = 0; !enough.aborted; turn++) await this.#change(turn);
  }

  /** Resolves when so many more changes were acknowledged. */
  async progress(count: number): Promise<void> {
    const goal = this.#acknowledged + count;
    while (this.#acknowledged < goal) await once(this.#progress, 'acknowledged', { signal: this.persistence.signal });
  }

  /** Mostly updates; every fourth change another deployment, and every fourth the end of one. */
  async #change(turn: number): Promise<void> {
    const device = this.devices[turn % this.devices.length] ?? '';
    const present = [...this.desired.values()].filter((one) => one.device === device);
    const [oldest] = present;
    if (!oldest || (turn % 4 === 1 && present.length < 3)) return this.#create(device);
    return turn % 4 === 3 && present.length > 1 ? this.#delete(oldest) : this.#update(oldest);
  }

  async #create(device: string): Promise<void> {
    const value = ++this.#value;
    const name = `${this.name}-${++this.#count}`;
    const document = {
      metadata: { name },
      spec: {
        appPackageRef: { id: this.packageId },
        deviceRef: { id: device },
        parameters: { pollSeconds: value },
      },
    };
    let idempotencyKey = randomUUID();
    const { id } = await this.persistence.until(async () => {
      try {
        return await this.api.createDeployment({ document }, { idempotencyKey, timeout });
      } catch (error) {
        if (!isProblem(error, 409)) throw error;
        // It is there, or nobody knows how the call under this key ended: then the name, which is there once, tells.
        const found = await this.#named(name);
        if (found) return found;
        idempotencyKey = randomUUID();
        throw new Unanswered();
      }
    });
    this.#done({ device, id, value });
  }

  async #update(one: Desired): Promise<void> {
    const value = ++this.#value;
    const document = { spec: { parameters: { pollSeconds: value } } };
    await this.persistence.until(() => this.api.updateDeployment({ id: one.id, document }, { timeout }));
    this.#done({ ...one, value });
  }

  async #delete(one: Desired): Promise<void> {
    await this.persistence.until(async () => {
      try {
        await this.api.deleteDeployment({ id: one.id }, { timeout });
      } catch (error) {
        // The device was quicker than the answer.
        if (!isProblem(error, 404)) throw error;
      }
    });
    this.desired.delete(one.id);
    this.#told();
  }

  async #named(name: string): Promise<Deployment | undefined> {
    return (await this.api.listDeployments({ name }, { timeout })).items[0];
  }

  #done(one: Desired): void {
    this.desired.set(one.id, one);
    this.#told();
  }

  #told(): void {
    this.#acknowledged++;
    this.#progress.emit('acknowledged');
  }
}

/** Milliseconds for one call: who hangs is given up, and another replica asked. */
const timeout = 10_000;

function isProblem(error: unknown, status: number): boolean {
  return error instanceof Problem && error.kind.status === status;
}
