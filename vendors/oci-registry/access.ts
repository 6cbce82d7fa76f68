import { anonymous, type Principal, Problem, roles } from '../../core/operation/index.js';
import type { HttpMountContext } from '../http/index.js';
import { DistributionFault } from './fault.js';

/**
 * `greet` is the ping by which clients find out whether to log in. It always asks for credentials: docker and skopeo send
 * none anywhere unless they were asked here, and pull without when they have none to give.
 */
export type Access = 'greet' | 'pull' | 'push';

/**
 * The one challenge: docker, ORAS and skopeo answer it with the credentials of their login. The token is the password;
 * any user name will do.
 */
const challenge = 'Basic realm="tutti", charset="UTF-8"';

/**
 * Lets a caller in or says why not. Pulling is for viewers (or for anyone, where the profile says so), pushing and
 * deleting for operators. A device pulls with the token of a viewer, or as anyone: its signature counts only where the
 * address names it, and addresses of a registry name no device.
 *
 * @throws DistributionFault 401 or 403
 */
export async function admit(
  context: Pick<HttpMountContext, 'authenticate'>,
  access: Access,
  anonymousPull: boolean,
): Promise<Principal> {
  const principal = await identify(context);
  if (access === 'pull' && anonymousPull) return principal;
  if (principal.kind === anonymous.kind) throw unauthorized('this registry needs credentials');
  const needed = access === 'push' ? 'operator' : 'viewer';
  if (atLeast(principal, needed)) return principal;
  throw new DistributionFault(403, 'DENIED', `this needs the role ${needed}; ${principal.id} does not have it`);
}

async function identify(context: Pick<HttpMountContext, 'authenticate'>): Promise<Principal> {
  try {
    return await context.authenticate(['user']);
  } catch (error) {
    if (error instanceof Problem && error.kind.status === 401) throw unauthorized(error.detail);
    if (error instanceof Problem && error.kind.status === 403) throw new DistributionFault(403, 'DENIED', error.detail);
    throw error;
  }
}

function atLeast(principal: Principal, role: (typeof roles)[number]): boolean {
  return principal.roles.some((held) => roles.indexOf(held) >= roles.indexOf(role));
}

function unauthorized(message: string): DistributionFault {
  return new DistributionFault(401, 'UNAUTHORIZED', message, { headers: { 'WWW-Authenticate': challenge } });
}
