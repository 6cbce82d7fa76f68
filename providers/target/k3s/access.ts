import { existsSync, readFileSync } from 'node:fs';
import https from 'node:https';
import { delimiter, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { TargetFault } from '../../../core/plugin/index.js';
import type { K3sConfig } from './config.js';

/** Where k3s writes what its operators use. */
const k3sFile = '/etc/rancher/k3s/k3s.yaml';

export interface AccessOptions {
  readonly config: Pick<K3sConfig, 'kubeconfig' | 'context' | 'ca'>;
  readonly resolvePath: (path: string) => string;
  /** KUBECONFIG and KUBERNETES_SERVICE_HOST count. */
  readonly env: NodeJS.ProcessEnv;
}

/** What one request needs beside its path. */
export interface Credentials {
  readonly server: string;
  readonly agent: https.RequestOptions['agent'];
  readonly headers: https.RequestOptions['headers'];
  readonly auth: string | undefined;
}

/** Where the cluster is and who we are there, by the client library's reading of kubeconfigs: files, tokens, programs. */
export class Access {
  #loaded: { readonly config: KubeConfig; readonly server: string } | undefined;
  #agent: { readonly material: string; readonly agent: https.Agent } | undefined;

  constructor(private readonly options: AccessOptions) {}

  /**
   * The kubeconfig's path, for a program that reads it by itself; nothing where the service account of a pod counts, or
   * several files of KUBECONFIG together, which such a program knows of by itself.
   */
  get file(): string | undefined {
    const [file, ...more] = this.#files;
    return more.length === 0 ? file : undefined;
  }

  /** The API server's address, as far as it is known without asking anybody. */
  get server(): string {
    return this.#loaded?.server ?? (this.#files.join(', ') || 'the service account');
  }

  /** Of which kubeconfig is made; none where the service account of a pod counts. */
  get #files(): readonly string[] {
    const { config, resolvePath, env } = this.options;
    if (config.kubeconfig !== undefined) return [resolvePath(config.kubeconfig)];
    const told = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
    if (told.length > 0) return told.map((file) => resolve(file));
    return env['KUBERNETES_SERVICE_HOST'] === undefined ? [k3sFile] : [];
  }

  /** Forgets what was read: the file may say something else by now, as after k3s has renewed its certificates. */
  forget(): void {
    this.#loaded = undefined;
  }

  /** @throws TargetFault `platform`, when there is no usable kubeconfig */
  async credentials(): Promise<Credentials> {
    try {
      this.#loaded ??= this.#load();
      const { config, server } = this.#loaded;
      const applied: https.RequestOptions = { headers: {} };
      await config.applyToHTTPSOptions(applied);
      const auth = typeof applied.auth === 'string' ? applied.auth : undefined;
      return { server, headers: applied.headers, auth, agent: this.#agentFor(config, applied) };
    } catch (cause) {
      if (cause instanceof TargetFault) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new TargetFault('platform', `who we are in the cluster cannot be read (${this.server}): ${message}`, true, {
        cause,
      });
    }
  }

  /** Ends idle connections. */
  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  #load(): { readonly config: KubeConfig; readonly server: string } {
    const { config: told } = this.options;
    const config = this.#read();
    if (told.context !== undefined) {
      if (config.getContextObject(told.context) === null) throw noContext(told.context, config);
      config.setCurrentContext(told.context);
    }
    const server = config.getCurrentCluster()?.server;
    if (server === undefined) throw noContext(config.getCurrentContext(), config);
    return { config, server: server.replace(/\/+$/, '') };
  }

  #read(): KubeConfig {
    const files = this.#files;
    const config = new KubeConfig();
    if (files.length === 0) {
      config.loadFromCluster();
      return config;
    }
    // As kubectl reads several: those that are not there are left out, and the first that names a context has its way.
    const [first, ...more] = files.filter((file) => existsSync(file));
    if (first === undefined) throw noKubeconfig(files.join(', '));
    config.loadFromFile(first);
    for (const file of more) {
      const next = new KubeConfig();
      next.loadFromFile(file);
      config.mergeConfig(next, Boolean(config.getCurrentContext()));
    }
    return config;
  }

  /** The library makes an agent for each request, and with it a connection: one is kept for as long as nothing changed. */
  #agentFor(config: KubeConfig, applied: https.RequestOptions): https.RequestOptions['agent'] {
    if (config.getCurrentCluster()?.proxyUrl !== undefined) return applied.agent;
    const { ca: file } = this.options.config;
    const ca = file === undefined ? applied.ca : readFileSync(this.options.resolvePath(file));
    const { cert, key, pfx, passphrase, rejectUnauthorized, servername } = applied;
    const material = JSON.stringify([ca, cert, key, pfx, passphrase, rejectUnauthorized, servername].map(String));
    if (this.#agent?.material !== material) {
      this.close();
      const agent = new https.Agent({
        keepAlive: true,
        ...given({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }),
      });
      this.#agent = { material, agent };
    }
    return this.#agent.agent;
  }
}

function given<T extends object>(options: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };
}

function noKubeconfig(file: string): TargetFault {
  const what = `there is no kubeconfig ${file}; is k3s installed here? Name another with \`kubeconfig\` or KUBECONFIG`;
  return new TargetFault('platform', what, true);
}

function noContext(name: string, config: KubeConfig): TargetFault {
  const known = config.getContexts().map((context) => context.name);
  const what = `the kubeconfig has no usable context ${name}; it has ${known.join(', ') || 'none'}`;
  return new TargetFault('platform', what, true);
}
