/**
 * What credentials can show a caller to be.
 * @stable since 0.1.0
 */
export type CallerKind = 'user' | 'device';

/**
 * Who calls. `id` is stable and fit for logs.
 * @stable since 0.1.0
 */
export interface Principal {
  readonly kind: 'anonymous' | CallerKind;
  readonly id: string;
  readonly roles: readonly Role[];
}

/**
 * Each role may do all that the ones before it may.
 * @stable since 0.1.0
 */
export const roles = ['viewer', 'operator', 'admin'] as const;
/**
 * One of {@link roles}.
 * @stable since 0.1.0
 */
export type Role = (typeof roles)[number];

/**
 * Who calls without credentials.
 * @stable since 0.1.0
 */
export const anonymous: Principal = Object.freeze({ kind: 'anonymous', id: 'anonymous', roles: [] });

/**
 * A request as the parts that credentials are made from, in the shape that HTTP gives them (RFC 9110, RFC 9421):
 * other bindings derive it from the operation's HTTP shape, so that one signature means the same everywhere.
 * @stable since 0.1.0
 */
export interface Evidence {
  readonly method: string;
  /** Absolute, as the caller addressed it. */
  readonly targetUri: string;
  /** Lower-case name to value; repeated fields joined with `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array | undefined;
  /** The operation's path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** DER of the client certificate that the transport verified. */
  readonly clientCertificate?: Uint8Array;
  /**
   * Common name of the client certificate that somebody before the host verified, and vouches for: a broker that takes
   * the name from the certificate and lets nobody else use what belongs to it.
   */
  readonly clientName?: string;
  /** The remote address of the connection; a proxy's, where one stands before the host. */
  readonly peer?: string | undefined;
}

/**
 * What an authenticator may need to know of the call that credentials came with.
 * @stable since 0.1.0
 */
export interface AuthenticatedCall {
  /** Whether it may change something: the same credentials, sent by somebody who overheard them, must not do so again. */
  readonly changes: boolean;
}

/**
 * Turns evidence into a principal. Runs in the contract, before the input is looked at, for every binding alike.
 *
 * @returns `undefined` when the evidence holds no credentials of this scheme
 * @throws Problem 401 or 403 when it holds some that are wrong
 * @stable since 0.1.0
 */
export interface Authenticator {
  /** Unique in a host. */
  readonly scheme: string;
  /** The kind of every principal that it makes. */
  readonly makes: CallerKind;
  authenticate(evidence: Evidence, call: AuthenticatedCall): Promise<Principal | undefined> | Principal | undefined;
  /** The challenge for WWW-Authenticate (RFC 9110 section 11.6.1). */
  readonly challenge: string;
}

/**
 * Who may call an operation: which kind of caller, and what must hold of principal and input. By which credentials a
 * caller shows to be of a kind is for the authenticators of the profile.
 * @stable since 0.1.0
 */
export interface Access<I> {
  /** Empty: no credentials are looked at. */
  readonly kinds: readonly CallerKind[];
  /** For docs and generated descriptions. */
  readonly rule: string;
  /** For WWW-Authenticate, where the handler itself checks credentials that no authenticator can. */
  readonly challenges?: readonly string[];
  /** @returns `undefined` when allowed, else why not */
  readonly check: (principal: Principal, input: I) => string | undefined;
}

/**
 * No credentials needed and none looked at.
 * @stable since 0.1.0
 */
export const anyone: Access<unknown> = Object.freeze({ kinds: [], rule: 'anyone', check: () => undefined });

/**
 * A user with at least this role.
 * @stable since 0.1.0
 */
export function atLeast(role: Role): Access<unknown> {
  return Object.freeze<Access<unknown>>({
    kinds: ['user'],
    rule: `role ${role}`,
    check: (principal: Principal) =>
      principal.roles.some((held) => roles.indexOf(held) >= roles.indexOf(role))
        ? undefined
        : `needs the role ${role}; ${principal.id} has ${principal.roles.join(', ') || 'none'}`,
  });
}

/**
 * The device whose id the input names.
 * @stable since 0.1.0
 */
export function ownDevice<I>(clientId: (input: I) => string): Access<I> {
  return Object.freeze<Access<I>>({
    kinds: ['device'],
    rule: 'the device itself',
    check: (principal: Principal, input: I) =>
      principal.kind === 'device' && principal.id === clientId(input)
        ? undefined
        : 'a device may only use what is its own',
  });
}
