import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { tutti } from './commands.js';
import { HostProcess } from './host-process.js';
import type { DemoOptions } from './options.js';
import { freePorts } from './ports.js';

const sample = join('cli', 'demo', 'hello');
const program = join('dist', 'cli', 'main.js');
const version = '1.0.0';
export const deviceName = 'demo-device';
/** As in deployment.yaml. */
const greeting = 'Hello from a device';

/** Milliseconds that a step waits for the other side at most. */
const patience = 60_000;
const firstPause = 100;
const longestPause = 1000;

/** A fleet manager, one device and one workload, made step by step. */
export class DemoFleet {
  #wfm: HostProcess | undefined;
  #agent: HostProcess | undefined;
  #deployed = false;
  /** Ports of the fleet manager and of the workload. */
  #ports: readonly [wfm: number, workload: number] = [0, 0];

  constructor(
    readonly options: DemoOptions,
    private readonly signal: AbortSignal,
  ) {}

  get server(): string {
    return `https://localhost:${this.#ports[0]}`;
  }
  get workload(): string {
    return `http://127.0.0.1:${this.#ports[1]}/`;
  }
  get wfmData(): string {
    return join(this.options.data, 'wfm');
  }
  get deploymentFile(): string {
    return join(this.options.data, 'deployment.yaml');
  }
  get hosts(): readonly HostProcess[] {
    return [this.#wfm, this.#agent].filter((host) => host !== undefined);
  }
  /** Where the hosts log, started or not. */
  get logs(): readonly string[] {
    return ['wfm', 'agent'].map((name) => join(this.options.data, `${name}.log`));
  }

  async prepare(): Promise<void> {
    const { data } = this.options;
    const [wfm = 0, workload = 0] = await freePorts([8443, 8080]);
    this.#ports = [wfm, workload];
    await rm(data, { recursive: true, force: true });
    await cp(sample, data, { recursive: true });
    // The registry and the workload are wherever a port was free.
    const registry = (text: string): string => text.replaceAll('localhost:8443', `localhost:${wfm}`);
    await this.#rewrite('package/margo.yaml', registry);
    await this.#rewrite('package.yaml', registry);
    await this.#rewrite('deployment.yaml', (text) =>
      text.replace('port: 8080', `port: ${workload}`).replace('runtime: process', `runtime: ${this.options.runtime}`),
    );
  }

  async startWfm(signal: AbortSignal = this.signal): Promise<string> {
    const env = {
      TUTTI_DATA: resolve(this.wfmData),
      TUTTI_HTTP_PORT: String(this.#ports[0]),
      TUTTI_ONBOARDING: 'ca',
    };
    this.#wfm = await this.#host('wfm', 'wfm.yaml', env, signal);
    return this.#wfm.ready;
  }

  async issueCertificate(): Promise<void> {
    const out = join(this.options.data, 'agent', 'identity');
    await this.#tutti('pki', 'issue', deviceName, '--ca', join(this.wfmData, 'pki'), '--out', out);
  }

  async startAgent(signal: AbortSignal = this.signal): Promise<string> {
    const env = {
      TUTTI_DATA: resolve(this.options.data, 'agent'),
      TUTTI_HTTP_PORT: '0',
      TUTTI_WFM_URL: this.server,
      TUTTI_WFM_CA: resolve(this.wfmData, 'pki', 'ca.crt'),
      TUTTI_REGISTRY_URL: this.server,
      TUTTI_POLL_SECONDS: '1',
    };
    this.#agent = await this.#host('agent', `agent.${this.options.runtime}.yaml`, env, signal);
    return this.#agent.ready;
  }

  async push(): Promise<void> {
    const registry = new URL(this.server).host;
    const [folder, name] =
      this.options.runtime === 'docker' ? ['compose', 'hello-compose'] : ['component', 'hello-process'];
    await this.#tutti('push', join(this.options.data, folder), `${registry}/samples/${name}:${version}`);
    await this.#tutti('push', join(this.options.data, 'package'), `${registry}/samples/hello`);
  }

  import(): Promise<string> {
    return this.#tutti('apply', '-f', join(this.options.data, 'package.yaml'), '--wait');
  }

  /** Onboarded, and with capabilities that the package fits. */
  async awaitDevice(): Promise<void> {
    const list = z.looseObject({
      items: z.array(z.looseObject({ eligible: z.string(), reasons: z.array(z.string()) })),
    });
    const why = await this.#until(async () => {
      const { items } = list.parse(JSON.parse(await this.#tutti('get', 'devices', '--package', 'hello', '-o', 'json')));
      if (items[0]?.eligible === 'true') return undefined;
      return items[0] === undefined
        ? 'no device has come'
        : `the device is not eligible: ${items[0].reasons.join('; ')}`;
    });
    if (why !== undefined) throw new Error(why);
  }

  async deploy(): Promise<string> {
    this.#deployed = true;
    return this.#tutti('apply', '-f', this.deploymentFile, '--wait', '--timeout', `${patience}ms`);
  }

  /** What the workload answers. */
  async call(): Promise<string> {
    const response = await fetch(this.workload, { signal: AbortSignal.any([this.signal, AbortSignal.timeout(5000)]) });
    const text = (await response.text()).trim();
    if (!response.ok || !text.includes(greeting)) {
      throw new Error(`${this.workload} answered ${response.status}: ${text.slice(0, 200)}`);
    }
    return text;
  }

  /** Removes the workload, then stops the hosts. All of it is tried, whatever fails. @returns what is left behind */
  async tearDown(): Promise<readonly string[]> {
    const left: string[] = [];
    const unbothered = new AbortController().signal;
    if (this.#deployed && this.hosts.length === 2) {
      try {
        // A host that broke down is needed once more: nobody else can remove what it has deployed.
        if (this.#wfm?.hasEnded) await this.startWfm(unbothered);
        if (this.#agent?.hasEnded) await this.startAgent(unbothered);
        const words = ['delete', 'deployment', 'hello', '--wait', '--timeout', '30s'];
        await tutti(words, { env: this.#env(), signal: unbothered });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        // What was never created leaves nothing.
        if (!why.includes('there is no deployment')) left.push(`the workload was not removed: ${why}`);
      }
    }
    await this.#agent?.stop();
    await this.#wfm?.stop();
    return left;
  }

  #env(): Record<string, string> {
    return { TUTTI_SERVER: this.server, TUTTI_DATA: this.wfmData };
  }

  #tutti(...words: readonly string[]): Promise<string> {
    return tutti(words, { env: this.#env(), signal: this.signal });
  }

  #host(
    name: string,
    profile: string,
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HostProcess> {
    const logFile = join(this.options.data, `${name}.log`);
    return HostProcess.start({ name, program, profile: join('config', profile), env, logFile, signal });
  }

  async #rewrite(name: string, change: (text: string) => string): Promise<void> {
    const file = join(this.options.data, name);
    await writeFile(file, change(await readFile(file, 'utf8')));
  }

  /** Asks again, less and less often, until there is nothing to say against it; @returns what was said last */
  async #until(objection: () => Promise<string | undefined>): Promise<string | undefined> {
    const end = performance.now() + patience;
    for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
      const said = await objection();
      if (said === undefined || performance.now() > end) return said;
      await delay(pause, undefined, { signal: this.signal });
    }
  }
}
