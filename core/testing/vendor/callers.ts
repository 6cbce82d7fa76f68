import {
  type Authenticator,
  type CallerKind,
  httpForm,
  type MountedOperation,
  Problem,
  type Role,
  roles,
} from '../../operation/index.js';
import type { Credentials } from '../../ports/index.js';

/**
 * Who calls a vendor: nobody that is known, a user with a role, a device; or whoever the credentials show, to the
 * vendor's own authenticators or to its handlers.
 *
 * @experimental
 */
export type VendorCaller = 'anonymous' | Role | { readonly device: string } | Credentials;

const field = 'x-kit-caller';

/** Believes what a caller says of itself: the kit is about what comes after that. */
function believing(makes: CallerKind): Authenticator {
  return {
    scheme: `Kit-${makes}`,
    challenge: `Kit-${makes}`,
    makes,
    authenticate({ headers }) {
      const [kind, id = ''] = headers[field]?.split(' ') ?? [];
      if (kind !== makes) return undefined;
      return { kind: makes, id, roles: makes === 'user' ? roles.filter((role) => role === id) : [] };
    },
  };
}

export const callerAuthenticators: readonly Authenticator[] = [believing('user'), believing('device')];

/** As a caller on the same machine calls it, for vendors that serve no other. */
export const origin = 'http://localhost';

/** The fields of a call by somebody. */
export function credentialsOf(
  caller: VendorCaller,
  { operation, prefix }: MountedOperation,
  input: unknown,
): Readonly<Record<string, string>> {
  if (caller === 'anonymous') return {};
  if (typeof caller !== 'function') {
    return { [field]: typeof caller === 'string' ? `user ${caller}` : `device ${caller.device}` };
  }
  // Whoever has no input to send has nothing to show credentials with.
  if (typeof input !== 'object' || input === null) return {};
  try {
    const { method, target, body } = httpForm(operation, prefix, { ...input });
    return caller(() => ({ method, url: origin + target, headers: {}, body }));
  } catch (error) {
    if (error instanceof Problem) return {};
    throw error;
  }
}
