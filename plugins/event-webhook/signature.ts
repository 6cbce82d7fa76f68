import { createHmac } from 'node:crypto';

/** A secret that nothing can be signed with. Its text is never part of the message. */
export class SecretForm extends Error {
  override readonly name = 'SecretForm';
}

/**
 * The header fields of a signed webhook (Standard Webhooks 1.0.0, "Webhook headers" and "Signature scheme").
 *
 * @param secret `whsec_` and the base64 of 24 to 64 bytes
 * @param id the same on every attempt
 * @param now milliseconds since the epoch: of this attempt
 * @throws SecretForm
 */
export function signedFields(secret: string, id: string, now: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const mac = createHmac('sha256', keyIn(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
}

function keyIn(secret: string): Buffer {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret.trim()) ?? [];
  const key = Buffer.from(text ?? '', 'base64');
  if (key.byteLength < 24 || key.byteLength > 64) {
    throw new SecretForm('the signing secret is not whsec_ and the base64 of 24 to 64 bytes');
  }
  return key;
}
