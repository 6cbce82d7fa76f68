import type { Device } from '../device-api/device.js';
import type { Random } from './random.js';
import type { WfmProcess } from './wfm-process.js';

/** What must be, as far as it was acknowledged, and what may be besides, because nobody got to know. */
export interface Expected {
  readonly device: Device;
  readonly name: string;
  /** Absent until a create was acknowledged or seen. */
  id?: string;
  /** The values that the parameter may have; more than one only while a change is in doubt. */
  values: readonly number[];
  /** Whether the device is told to run it. */
  there: 'yes' | 'no' | 'in doubt';
}

/** One operator who changes deployments, one after the other, until the fleet manager goes away. */
export class Operator {
  readonly expected: Expected[] = [];
  #count = 0;

  constructor(
    private readonly name: string,
    private readonly wfm: WfmProcess,
    private readonly packageId: string,
    private readonly devices: readonly Device[],
    private readonly random: Random,
    /** Told of every change that was acknowledged. */
    private readonly acknowledged: () => void,
  ) {}

  async work(): Promise<void> {
    try {
      for (;;) await this.#change();
    } catch (error) {
      // A wrong answer is a fault; no answer is what the test is about.
      if (error instanceof WrongAnswer) throw error;
    }
  }

  #change(): Promise<void> {
    const present = this.expected.filter(({ there }) => there === 'yes');
    const one = this.random.pick(present);
    const dice = this.random.next();
    if (!one || present.length < 2 || dice < 0.35) return this.#create();
    return dice < 0.75 ? this.#update(one) : this.#delete(one);
  }

  async #create(): Promise<void> {
    const device = this.random.pick(this.devices);
    if (!device) throw new WrongAnswer('there are no devices');
    const value = 1 + this.random.below(3600);
    const name = `${this.name}-${this.#count++}`;
    const one: Expected = { device, name, values: [value], there: 'in doubt' };
    this.expected.push(one);
    const spec = {
      appPackageRef: { id: this.packageId },
      deviceRef: { id: device.clientId },
      parameters: { pollSeconds: value },
    };
    const { id } = await this.#ask('POST', '/deployments', { metadata: { name }, spec });
    one.id = String(id);
    one.there = 'yes';
  }

  async #update(one: Expected): Promise<void> {
    const value = 1 + this.random.below(3600);
    one.values = [...one.values, value];
    await this.#ask('PATCH', `/deployments/${one.id}`, { spec: { parameters: { pollSeconds: value } } });
    one.values = [value];
  }

  async #delete(one: Expected): Promise<void> {
    one.there = 'in doubt';
    await this.#ask('DELETE', `/deployments/${one.id}`);
    one.there = 'no';
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.wfm.operate(method, path, body);
    // A host that is going down may say so.
    if (answer.status === 503) throw new Error(answer.text);
    if (answer.status !== 202) throw new WrongAnswer(`${method} ${path}: ${answer.status} ${answer.text}`);
    this.acknowledged();
    return answer.json;
  }
}

class WrongAnswer extends Error {}
