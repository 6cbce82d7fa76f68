import { type Authenticator, Problem, problems } from '../../core/plugin/index.js';
import type { AccessManager } from '../../managers/access/index.js';

/**
 * API tokens as `Authorization: Bearer <token>` (RFC 6750), or as the password of `Basic` (RFC 7617) for clients that
 * know nothing else, such as those of registries. The user name does not matter.
 */
export function tokenAuthenticator(access: AccessManager): Authenticator {
  return {
    scheme: 'bearer',
    makes: 'user',
    challenge: 'Bearer realm="tutti"',
    authenticate: ({ headers }) => {
      const field = headers['authorization'];
      if (field === undefined) return undefined;
      const token = tokenOf(field);
      // Registry clients that were asked for credentials and have none send empty ones.
      if (token === undefined || token === '') return undefined;
      const principal = access.principalOf(token);
      if (!principal) throw new Problem(problems.notAuthenticated, 'the token is unknown, expired or revoked');
      return principal;
    },
  };
}

function tokenOf(field: string): string | undefined {
  const [scheme = '', value = ''] = field.trim().split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return value;
    case 'basic': {
      const pair = Buffer.from(value, 'base64').toString('utf8');
      return pair.slice(pair.indexOf(':') + 1);
    }
    default:
      return undefined;
  }
}
