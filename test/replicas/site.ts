import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { description, type StubRegistry, startStubRegistry } from '../device-api/registry.js';
import { freePort } from '../parts/daemon.js';
import { reclaim, workspace } from '../parts/workspace.js';
import { HostProcess } from '../system/host.js';
import { type Northbound, northbound, Persistence } from './northbound.js';
import { TcpProxy } from './tcp-proxy.js';

const program = resolve(import.meta.dirname, '../../dist/cli/main.js');

export interface SiteOptions {
  readonly replicas: number;
  readonly redis: { readonly url: string; readonly passwordFile: string };
  /** What is different in the profile of the replicas here. */
  readonly adapt?: (profile: string) => string;
}

/** Replicas of one fleet manager, as people run them, behind a load balancer. */
export class Site {
  readonly directory: string;
  readonly identity: string;
  readonly replicas: HostProcess[] = [];
  readonly balancer: TcpProxy;
  readonly #registry: StubRegistry;

  private constructor(directory: string, balancer: TcpProxy, registry: StubRegistry) {
    this.directory = directory;
    this.identity = join(directory, 'identity');
    this.balancer = balancer;
    this.#registry = registry;
  }

  static async make({ replicas, redis, adapt }: SiteOptions): Promise<Site> {
    const directory = workspace('replicas');
    const ports = await Promise.all(Array.from({ length: replicas }, freePort));
    const site = new Site(directory, await new TcpProxy(ports).start(), await startStubRegistry());
    makeIdentity(site.identity);
    site.replicas.push(
      ...ports.map((port, n) => {
        const own = join(directory, `replica-${n + 1}`);
        mkdirSync(own);
        return new HostProcess({
          profile: 'wfm.redis.yaml',
          directory: own,
          ...(adapt && { adapt }),
          env: {
            TUTTI_HTTP_PORT: String(port),
            TUTTI_ONBOARDING: 'open',
            TUTTI_IDENTITY: site.identity,
            TUTTI_REDIS_URL: redis.url,
            TUTTI_REDIS_PASSWORD_FILE: redis.passwordFile,
            TUTTI_REGISTRY_URL: site.#registry.url,
          },
        });
      }),
    );
    return site;
  }

  /** Where the fleet manager is, whichever replica answers. */
  get url(): string {
    return `https://localhost:${this.balancer.port}`;
  }

  get ca(): string {
    return join(this.identity, 'ca.crt');
  }

  /** The first admin's, which the replica that was first has left. */
  get token(): string {
    const files = this.replicas.map(({ data }) => join(data, 'admin.token')).filter((file) => existsSync(file));
    const [file] = files;
    if (file === undefined) throw new Error('no replica has left a token');
    return readFileSync(file, 'utf8').trim();
  }

  /** An operator who asks whichever replica the load balancer gives, or this one alone. */
  operator(url = this.url): Northbound {
    return northbound(url, this.ca, this.token);
  }

  /** Imports a package that can be deployed to every device. @returns its id */
  async import(version: string, signal: AbortSignal): Promise<string> {
    this.#registry.addPackage('apps/line', version, description(version));
    const api = this.operator();
    const source = { registryUrl: this.#registry.host, repository: 'apps/line', tag: version };
    const persistence = new Persistence(signal);
    const { id } = await api.importPackage({ document: { metadata: { name: 'line' }, spec: { source } } });
    for (;;) {
      const { status } = await persistence.until(() => api.getPackage({ id }));
      if (status.state === 'ONBOARDED') return id;
      if (status.state === 'FAILED') throw new Error(JSON.stringify(status));
    }
  }

  /** What the replicas said last. */
  log(): string {
    return this.replicas.map((replica, n) => `replica ${n + 1}:\n${replica.output().slice(-3000)}`).join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    await this.balancer.stop();
    await this.#registry.stop();
    await reclaim(this.directory);
  }
}

function makeIdentity(directory: string): void {
  const args = [program, 'pki', 'init', directory, '--server', 'wfm.test'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tutti pki init: ${stderr}`);
}
