import type { Publication } from '../../../core/events/index.js';
import { frozenJson } from '../../../core/state/index.js';

/** Where a group's events come from: the type of the events and the group's name. */
export interface GroupName {
  readonly type: string;
  readonly group: string;
}

/** An event that this host delivers to a group, which no other host does meanwhile. */
export interface Delivery extends GroupName {
  /** Its entry in the stream. */
  readonly entry: string;
  readonly publication: Publication;
  /** How often a handler was called with it, here or elsewhere. */
  attempts: number;
  /** Whether another host has taken it, because this one gave no sign of life. */
  lost: boolean;
}

/** What a group has to do next. */
export type Next =
  | { readonly kind: 'delivery'; readonly delivery: Delivery }
  /** Another host delivers, and has given no sign of life for so many milliseconds. */
  | { readonly kind: 'busy'; readonly idle: number }
  | { readonly kind: 'none' };

/** What `nextScript` answers. */
export function nextOf(name: GroupName, answer: unknown): Next {
  const [kind, first, count, fields] = answer as readonly [Buffer, unknown, unknown, readonly Buffer[]];
  if (String(kind) === 'busy') return { kind: 'busy', idle: Number(first) };
  if (String(kind) === 'none') return { kind: 'none' };
  const publication = publicationOf(fields);
  return {
    kind: 'delivery',
    // The call that this delivery begins with is not made yet.
    delivery: { ...name, entry: String(first), publication, attempts: Number(count) - 1, lost: false },
  };
}

function publicationOf(fields: readonly Buffer[]): Publication {
  const texts = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) texts.set(String(fields[at]), String(fields[at + 1]));
  const text = texts.get('v');
  return {
    id: texts.get('i') ?? '',
    correlationId: texts.get('c') ?? '',
    payload: text === undefined ? undefined : frozenJson(text),
  };
}

/**
 * How long a host that delivers may give no sign of life, milliseconds. Where this host has lost Redis, others may have
 * as well: they are given as long anew to say that they live, before anything of theirs is taken.
 *
 * @param connected milliseconds since this host has been connected
 */
export function patience(claimAfter: number, connected: number): number {
  return connected >= claimAfter ? claimAfter : forSureLeft;
}

/** Milliseconds that only what was given up is idle for; the script gives it somewhat more. */
const forSureLeft = 900_000_000;

/** After how many milliseconds it is worth while to ask again whether another host is dead. */
export function askAgain(claimAfter: number, idle: number, connected: number): number {
  return Math.max(claimAfter - idle, claimAfter - connected, 10);
}
