import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, fetch as fetchWith } from 'undici';
import { vi } from 'vitest';
import { z } from 'zod';

const state = z.looseObject({
  id: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ version: z.string(), parameters: z.record(z.string(), z.unknown()) }),
  recentOperation: z.looseObject({ op: z.string(), status: z.string() }),
  status: z.looseObject({
    state: z.string(),
    components: z
      .array(
        z.looseObject({
          name: z.string(),
          state: z.string(),
          error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
        }),
      )
      .optional(),
  }),
});
/** A deployment as the fleet manager shows it. */
export type Deployment = z.output<typeof state>;
const imported = z.looseObject({ id: z.string(), status: z.looseObject({ state: z.string() }) });
const device = z.looseObject({
  id: z.string(),
  state: z.looseObject({ onboard: z.string() }),
  spec: z.looseObject({}),
});
export type Device = z.output<typeof device>;

/** An answer that is no success. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(`HTTP ${status}: ${text}`);
  }
}

/** An operator's view of a fleet manager. Each call is tried once: who kills the fleet manager decides what then. */
export class Northbound {
  #dispatcher: Agent | undefined;

  constructor(
    private readonly url: string,
    private readonly data: string,
  ) {}

  get ca(): string {
    return join(this.data, 'pki', 'ca.crt');
  }

  get token(): string {
    return readFileSync(join(this.data, 'admin.token'), 'utf8').trim();
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }

  /** Imports a package from the embedded registry and waits until it can be deployed. @returns its id */
  async import(name: string, repository: string, tag: string): Promise<string> {
    const source = { registryUrl: this.url, repository, tag };
    const { id } = imported.parse(
      await this.call('POST', '/packages', { metadata: { name }, spec: { sourceType: 'OCI_REPO', source } }),
    );
    await vi.waitFor(async () => {
      const { status } = imported.parse(await this.call('GET', `/packages/${id}`));
      if (status.state !== 'ONBOARDED') throw new Error(`the package is ${JSON.stringify(status)}`);
    }, patience);
    return id;
  }

  async deploy(name: string, packageId: string, deviceId: string, parameters = {}): Promise<Deployment> {
    const spec = { appPackageRef: { id: packageId }, deviceRef: { id: deviceId }, parameters };
    return state.parse(await this.call('POST', '/deployments', { metadata: { name }, spec }));
  }

  async update(id: string, change: { packageId?: string; parameters?: Record<string, unknown> }): Promise<void> {
    const { packageId, parameters } = change;
    const spec = { ...(packageId !== undefined && { appPackageRef: { id: packageId } }), parameters };
    await this.call('PATCH', `/deployments/${id}`, { spec });
  }

  async remove(id: string): Promise<void> {
    await this.call('DELETE', `/deployments/${id}`);
  }

  /** `undefined` when there is none any more. */
  async deployment(id: string): Promise<Deployment | undefined> {
    try {
      return state.parse(await this.call('GET', `/deployments/${id}`));
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return undefined;
      throw error;
    }
  }

  async deployments(): Promise<Deployment[]> {
    return z.looseObject({ items: z.array(state) }).parse(await this.call('GET', '/deployments')).items;
  }

  async devices(): Promise<Device[]> {
    return z.looseObject({ items: z.array(device) }).parse(await this.call('GET', '/devices')).items;
  }

  /** The id of the only device, once it is onboarded and has said what it can do. */
  async onlyDevice(): Promise<string> {
    return vi.waitFor(async () => {
      const [only, ...more] = await this.devices();
      const known = only?.state.onboard === 'ONBOARDED' && JSON.stringify(only.spec['capabilities']) !== '[]';
      if (!only || !known || more.length > 0) throw new Error(`not one ready device: ${JSON.stringify([only, more])}`);
      return only.id;
    }, patience);
  }

  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    this.#dispatcher ??= new Agent({ connect: { ca: readFileSync(this.ca, 'utf8') } });
    const response = await fetchWith(`${this.url}/nbi/v1${path}`, {
      method,
      dispatcher: this.#dispatcher,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Refused(response.status, text);
    return text === '' ? undefined : JSON.parse(text);
  }
}

const patience = { timeout: 20_000, interval: 50 };
