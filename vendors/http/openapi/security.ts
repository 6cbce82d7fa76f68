import type { Access, Authenticator } from '../../../core/operation/index.js';
import type { Components } from './components.js';
import type { JsonObject } from './schemas.js';

/** How callers of some kinds can authenticate; the gate knows. */
export type Schemes = (kinds: Access<never>['kinds']) => readonly Pick<Authenticator, 'scheme' | 'challenge'>[];

/** The alternatives by which a caller may show who it is; none where nobody asks. */
export function securityOf({ kinds }: Access<never>, schemes: Schemes, components: Components): JsonObject[] {
  return schemes(kinds).map(({ scheme, challenge }) => {
    components.refer('securitySchemes', scheme, securityScheme(scheme, challenge));
    return { [scheme]: [] };
  });
}

/** RFC 9421 has fields of its own; any other scheme is one of `Authorization` (RFC 9110 section 11.6.2). */
function securityScheme(scheme: string, challenge: string): JsonObject {
  return scheme.toLowerCase() === 'signature'
    ? {
        type: 'apiKey',
        in: 'header',
        name: 'Signature',
        description:
          'HTTP message signature (RFC 9421), with Signature-Input and, where there is a body, Content-Digest (RFC 9530)',
      }
    : { type: 'http', scheme: scheme.toLowerCase(), description: `Challenge: ${challenge}` };
}
