import type { Principal, Role } from '../../core/operation/index.js';
import { ref } from '../../core/ports/index.js';

/** An API token as it is kept: never the token itself. */
export interface TokenRecord {
  /** Public part of the token; also its id in lists and logs. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the secret part, hex. The secret has 256 random bits, so no slow hash is needed. */
  readonly secretHash: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt?: number;
}

/** Ten years: what lives longer has no end, and should say so. */
export const longestLifetimeSeconds = 3653 * 86_400;

/** What may be shown of a token. */
export type TokenView = Omit<TokenRecord, 'secretHash'>;

/** Who may use the operator's side: API tokens with roles. */
export interface AccessManager {
  /** From memory, in constant time of the secret. @returns `undefined` for an unknown, expired or malformed token */
  principalOf(token: string): Principal | undefined;
  /**
   * @returns the token, shown this once, beside its record
   * @throws Problem 422 for a lifetime above {@link longestLifetimeSeconds}
   */
  issue(request: { readonly name: string; readonly role: Role; readonly lifetimeSeconds?: number }): Promise<{
    readonly token: string;
    readonly record: TokenView;
  }>;
  list(): Promise<readonly TokenView[]>;
  /** @throws Problem 404; 409 for the last admin token */
  revoke(id: string): Promise<void>;
}

export const AccessManager = ref<AccessManager>('manager.access');
