import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createAuthority, type DeviceAuthority } from '../device-api/authority.js';
import { Device } from '../device-api/device.js';
import { type Answer, send } from '../device-api/http.js';
import { generateKey } from '../device-api/keys.js';
import { description } from '../device-api/registry.js';
import { type Daemon, freePort, startDaemon } from '../parts/daemon.js';

const root = resolve(import.meta.dirname, '../..');
/** Another build can be tried in its place. */
const program = process.env['TUTTI_PROGRAM'] ?? join(root, 'dist/cli/main.js');
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The built program as a fleet manager with the shipped profile, in a process that can be killed. */
export class WfmProcess {
  readonly data: string;
  readonly origin: string;
  #daemon: Daemon | undefined;

  private constructor(
    private readonly directory: string,
    private readonly port: number,
    private readonly authority: DeviceAuthority,
  ) {
    this.data = join(directory, 'data');
    this.origin = `https://127.0.0.1:${port}`;
  }

  static async in(directory: string): Promise<WfmProcess> {
    const authority = await createAuthority();
    const wfm = new WfmProcess(directory, await freePort(), authority);
    mkdirSync(join(wfm.data, 'pki'), { recursive: true });
    writeFileSync(join(wfm.data, 'pki', 'device-ca.crt'), authority.pem);
    return wfm;
  }

  async start(): Promise<void> {
    if (!existsSync(program)) throw new Error('the program is not built: npm run build');
    const env = { ...process.env, TUTTI_DATA: this.data, TUTTI_HTTP_PORT: String(this.port), TUTTI_ONBOARDING: 'ca' };
    this.#daemon = await startDaemon(process.execPath, [program, 'run', join(root, 'config/wfm.yaml')], {
      cwd: this.directory,
      env,
      ready: async () => (await send(this.origin, { path: '/readyz' }, this.ca)).status === 200,
    });
  }

  async kill(): Promise<void> {
    await this.#daemon?.kill();
    this.#daemon = undefined;
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop();
    this.#daemon = undefined;
  }

  get ca(): string {
    return readFileSync(join(this.data, 'pki', 'ca.crt'), 'utf8');
  }

  operate(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#authorized(
      method,
      `/nbi/v1${path}`,
      body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
    );
  }

  async device(name: string): Promise<Device> {
    const key = generateKey();
    const certificate = await this.authority.issue(key, name);
    const device = new Device({ origin: this.origin, key, certificate, ca: this.ca });
    return (await device.onboard()).report();
  }

  /** Pushes the sample application into the embedded registry and imports it. */
  async importPackage(version: string): Promise<string> {
    const config = Buffer.from('{}');
    const yaml = Buffer.from(description(version));
    for (const blob of [config, yaml]) {
      await this.#must(201, 'POST', `/v2/apps/line/blobs/uploads/?digest=${digestOf(blob)}`, blob);
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      artifactType: 'application/vnd.margo.app.v1+json',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(config), size: 2 },
      layers: [
        {
          mediaType: 'application/vnd.margo.app.description.v1+yaml',
          digest: digestOf(yaml),
          size: yaml.byteLength,
          annotations: { 'org.opencontainers.image.title': 'margo.yaml' },
        },
      ],
    };
    await this.#must(
      201,
      'PUT',
      `/v2/apps/line/manifests/${version}`,
      Buffer.from(JSON.stringify(manifest)),
      manifestType,
    );
    const source = { registryUrl: `https://localhost:${this.port}`, repository: 'apps/line', tag: version };
    const { json, text } = await this.operate('POST', '/packages', { metadata: { name: 'line' }, spec: { source } });
    const id = String(json['id']);
    for (;;) {
      const { status } = (await this.operate('GET', `/packages/${id}`)).json as { status?: { state: string } };
      if (status?.state === 'ONBOARDED') return id;
      if (status === undefined || status.state === 'FAILED') throw new Error(`${text} ${JSON.stringify(status)}`);
    }
  }

  async #must(status: number, method: string, path: string, body: Uint8Array, type?: string): Promise<void> {
    const answer = await this.#authorized(method, path, body, type ?? 'application/octet-stream');
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  }

  #authorized(method: string, path: string, body: Uint8Array | undefined, type = 'application/json'): Promise<Answer> {
    const token = readFileSync(join(this.data, 'admin.token'), 'utf8').trim();
    const headers = { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': type }) };
    return send(this.origin, { method, path, body, headers }, this.ca);
  }
}
