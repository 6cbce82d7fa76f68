import { isRecord, jsonIn } from './message.js';
import { isCredit } from './request.js';

/**
 * What a caller says about its calls, as one object of JSON on its control topic, in both versions of MQTT.
 * `session` is the last level of the reply topic, `id` the call's correlation id as text.
 */
export type Control =
  /** The caller wants no (more) answer. */
  | { readonly type: 'cancel'; readonly session: string; readonly id: string }
  /** So many more items are taken. */
  | { readonly type: 'more'; readonly session: string; readonly id: string; readonly credit: number }
  /** The caller still listens. */
  | { readonly type: 'here'; readonly session: string }
  /** The caller is away, says its last will: all that it called for may end. */
  | { readonly type: 'gone'; readonly session: string };

export const writeControl = (control: Control): Uint8Array => Buffer.from(JSON.stringify(control));

/** @returns `undefined` for what is none */
export function readControl(payload: Uint8Array): Control | undefined {
  const said = jsonIn(payload);
  if (!isRecord(said)) return undefined;
  const { type, session, id, credit } = said;
  if (typeof session !== 'string') return undefined;
  if (type === 'here' || type === 'gone') return { type, session };
  if (typeof id !== 'string') return undefined;
  if (type === 'cancel') return { type, session, id };
  return type === 'more' && isCredit(credit) ? { type, session, id, credit } : undefined;
}
