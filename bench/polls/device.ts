import { once } from 'node:events';
import { request } from 'node:https';
import { SigningKey, selfSignedDeviceCertificate, signRequest } from '../../core/identity/index.js';

const prefix = '/api/v1';
const manifestType = 'application/vnd.margo.manifest.v1+json';

/** A device as the fleet manager knows it after onboarding. */
export interface Device {
  readonly key: SigningKey;
  /** Of its manifest, from the origin on. */
  readonly path: string;
}

/** Onboards a device through the API, as an agent does. */
export async function onboard(origin: string, ca: string, name: string): Promise<Device> {
  const key = SigningKey.generate();
  const { pem } = await selfSignedDeviceCertificate({ name, key, now: Date.now() });
  const url = `${origin}${prefix}/onboarding`;
  const body = Buffer.from(JSON.stringify({ certificate: Buffer.from(pem).toString('base64') }));
  const signed = signRequest({ method: 'POST', url, body }, key, { created: now() });
  const { status, text } = await exchange('POST', url, ca, { ...signed, 'content-type': 'application/json' }, body);
  if (status !== 201) throw new Error(`the onboarding answered ${status}: ${text}`);
  const { clientId } = JSON.parse(text) as { readonly clientId: string };
  return { key, path: `${prefix}/clients/${clientId}/deployments` };
}

/** The validator of a device's present manifest, without quotes. */
export async function manifestEtag(origin: string, ca: string, { key, path }: Device): Promise<string> {
  const url = origin + path;
  const signed = signRequest({ method: 'GET', url }, key, { created: now() });
  const { status, etag } = await exchange('GET', url, ca, { ...signed, accept: manifestType });
  if (status !== 200 || etag === undefined) throw new Error(`the first poll answered ${status}`);
  return etag.replaceAll('"', '');
}

/** A poll that is answered 304, byte for byte as the agent sends it, signed now. */
export function signedPoll(origin: string, { key, path }: Device, etag: string): Buffer {
  const signed = signRequest({ method: 'GET', url: origin + path }, key, { created: now() });
  const fields = { accept: manifestType, 'if-none-match': `"${etag}"`, ...signed };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const host = new URL(origin).host;
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${lines.join('')}\r\n`);
}

/** Unix seconds. */
function now(): number {
  return Math.floor(Date.now() / 1000);
}

async function exchange(
  method: string,
  url: string,
  ca: string,
  headers: Readonly<Record<string, string>>,
  body?: Uint8Array,
): Promise<{ readonly status: number; readonly etag: string | undefined; readonly text: string }> {
  const sent = request(url, { method, ca, headers });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: answer.statusCode ?? 0, etag: answer.headers.etag, text: Buffer.concat(chunks).toString() };
}
