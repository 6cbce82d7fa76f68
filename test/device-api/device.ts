import { base64Der } from './authority.js';
import { type Answer, type Sent, send } from './http.js';
import type { DeviceKey } from './keys.js';
import { type SigningOptions, signatureHeaders } from './signature.js';

/** A request of a device, and how it is signed. */
export interface Asked extends Omit<Sent, 'body'> {
  /** JSON, or the exact bytes. */
  readonly body?: unknown;
  readonly sign?: SigningOptions | 'not';
  readonly key?: DeviceKey;
}

export interface DeviceOptions {
  /** `http://127.0.0.1:1234` */
  readonly origin: string;
  readonly key: DeviceKey;
  readonly certificate: string;
  /** PEM of the CA of the server. */
  readonly ca?: string;
  /** By which the device addresses the server, where that is not {@link origin}. */
  readonly publicUrl?: string;
  readonly clientId?: string;
}

/** A device of another house: it shares no code with the program that it talks to. */
export class Device {
  readonly key: DeviceKey;
  readonly certificate: string;
  clientId: string;

  constructor(private readonly options: DeviceOptions) {
    this.key = options.key;
    this.certificate = options.certificate;
    this.clientId = options.clientId ?? '';
  }

  /** Headers and body of a request as {@link ask} would send it. */
  prepare({ method = 'GET', path, headers = {}, body, sign = {}, key = this.key }: Asked): Sent {
    const bytes = bytesOf(body);
    const message = { method, targetUri: (this.options.publicUrl ?? this.options.origin) + path, body: bytes };
    const type = bytes && { 'Content-Type': 'application/json' };
    const signed = sign === 'not' ? {} : signatureHeaders(key, message, sign);
    return { method, path, body: bytes, headers: { ...type, ...signed, ...headers } };
  }

  ask(asked: Asked): Promise<Answer> {
    return this.send(this.prepare(asked));
  }

  send(sent: Sent): Promise<Answer> {
    return send(this.options.origin, sent, this.options.ca);
  }

  /** Path below the client's own. */
  own(rest: string): string {
    return `/api/v1/clients/${this.clientId}${rest}`;
  }

  present(certificate: string = base64Der(this.certificate), more: Partial<Asked> = {}): Promise<Answer> {
    const body = { apiVersion: 'onboarding.margo.org/v1alpha1', kind: 'OnboardingRequest', certificate };
    return this.ask({ method: 'POST', path: '/api/v1/onboarding', body, ...more });
  }

  async onboard(): Promise<this> {
    const answer = await this.present();
    if (answer.status !== 201) throw new Error(`onboarding: ${answer.status} ${answer.text}`);
    this.clientId = String(answer.json['clientId']);
    return this;
  }

  /** @param form in whose words the device speaks */
  async report(document: unknown = secondForm()): Promise<this> {
    const answer = await this.ask({ method: 'POST', path: this.own('/capabilities'), body: document });
    if (answer.status !== 201) throw new Error(`capabilities: ${answer.status} ${answer.text}`);
    return this;
  }

  poll(headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.ask({ path: this.own('/deployments'), headers });
  }

  status(deploymentId: string, state: string, more: object = {}): Promise<Answer> {
    const document = {
      apiVersion: 'deployment.margo.org/v1alpha1',
      kind: 'DeploymentStatusManifest',
      deploymentId,
      status: { state },
      components: [{ name: 'monitor', state }],
      ...more,
    };
    return this.ask({ method: 'POST', path: this.own(`/deployments/${deploymentId}/status`), body: document });
  }
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array) return body;
  return Buffer.from(JSON.stringify(body));
}

const identity = { vendor: 'Acme', modelNumber: 'X1', serialNumber: 'S-1' };

/** Capabilities in the words of the first preview. */
export function firstForm(id = 'edge-1', more: object = {}): object {
  return {
    apiVersion: 'device.margo.org/v1alpha1',
    kind: 'DeviceCapabilities',
    properties: {
      id,
      ...identity,
      roles: ['Standalone Cluster'],
      resources: {
        cpu: { cores: 4, architecture: 'x86_64' },
        memory: '16 Gi',
        storage: '100 Gi',
        peripherals: [{ type: 'GPU', manufacturer: 'NVIDIA' }],
        interfaces: [{ type: 'ethernet' }],
      },
      ...more,
    },
  };
}

/** Capabilities in the words of the second. */
export function secondForm(id = 'edge-1', more: object = {}, labels?: object): object {
  return {
    apiVersion: 'device.margo.org/v1alpha1',
    kind: 'DeviceCapabilitiesManifest',
    properties: {
      id,
      ...identity,
      cpus: [{ cores: 4, architecture: 'amd64' }],
      memory: '12Gi',
      storage: '200Gi',
      peripherals: [],
      interfaces: [{ type: 'ethernet' }],
      otelCollector: true,
      supportedRuntimes: ['oci'],
      supportedDeploymentTypes: ['compose', 'helm'],
      ...more,
    },
    ...(labels && { labels }),
  };
}
