import { type Held, renewalOf } from './held.js';

/** Milliseconds that new credentials are kept though a registry does not take them: their age cannot be the reason. */
const firstWait = 600_000;
const longestWait = 86_400_000;

interface Refused {
  /** When those were handed over that it refused last. */
  readonly at: number;
  /** How many handovers in a row it refused. */
  readonly handovers: number;
}

/**
 * How long credentials are kept though they are refused. Others help where somebody has replaced them. They never help
 * where a component is beyond what the account may pull, so each handover that is refused too is kept for twice as long:
 * up to a day, or half of a life, when there are others anyway.
 */
export class Refusals {
  readonly #accounts = new Map<string, Refused>();

  /** @returns when others may be asked for, milliseconds since the epoch */
  note(registry: string, username: string, held: Held): number {
    const account = JSON.stringify([registry, username]);
    const before = this.#accounts.get(account);
    const handovers = before?.at === held.at ? before.handovers : (before?.handovers ?? 0) + 1;
    this.#accounts.set(account, { at: held.at, handovers });
    return held.at + waitOf(handovers, held);
  }

  /** Others take their place: who did not refuse these begins anew. */
  replaced({ at }: Held): void {
    for (const [account, refused] of this.#accounts) if (refused.at !== at) this.#accounts.delete(account);
  }
}

function waitOf(handovers: number, held: Held): number {
  const half = (renewalOf(held) ?? Number.POSITIVE_INFINITY) - held.at;
  return Math.min(firstWait * 2 ** (handovers - 1), Math.max(firstWait, Math.min(half, longestWait)));
}
