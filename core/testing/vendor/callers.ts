import { type Authenticator, type CallerKind, type Role, roles } from '../../operation/index.js';

/**
 * Who calls a vendor: nobody that is known, a user with a role, or a device.
 *
 * @experimental
 */
export type VendorCaller = 'anonymous' | Role | { readonly device: string };

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

/** The fields of a call by somebody. */
export function credentialsOf(caller: VendorCaller): Readonly<Record<string, string>> {
  if (caller === 'anonymous') return {};
  return { [field]: typeof caller === 'string' ? `user ${caller}` : `device ${caller.device}` };
}
