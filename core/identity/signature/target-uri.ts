import { SignatureFault } from './fault.js';

/** The parts of a target URI that derived components are made of (RFC 9421 section 2.2), as the caller wrote them. */
export interface TargetParts {
  readonly scheme: string;
  /** Lower case, without the scheme's default port (section 2.2.3). */
  readonly authority: string;
  /** At least `/` (section 2.2.6). */
  readonly path: string;
  /** With its leading `?`; just `?` when there is none (section 2.2.7). */
  readonly query: string;
  readonly hasQuery: boolean;
}

/**
 * Splits without normalising: a URL parser would resolve `..` and re-encode, and the signature is over what was sent.
 * Any scheme will do: calls that HTTP does not carry are addressed by another one (`mqtt://tutti/...`).
 *
 * @throws SignatureFault `malformed` when it is no absolute URI
 */
export function splitTargetUri(targetUri: string): TargetParts {
  const schemeEnd = targetUri.indexOf('://');
  const scheme = targetUri.slice(0, Math.max(schemeEnd, 0)).toLowerCase();
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) throw new SignatureFault('malformed', 'the target URI is not absolute');
  const fragment = targetUri.indexOf('#', schemeEnd);
  const end = fragment === -1 ? targetUri.length : fragment;
  const question = targetUri.indexOf('?', schemeEnd);
  const hasQuery = question !== -1 && question < end;
  const pathEnd = hasQuery ? question : end;
  const slash = targetUri.indexOf('/', schemeEnd + 3);
  const pathStart = slash === -1 || slash > pathEnd ? pathEnd : slash;
  return {
    scheme,
    authority: withoutDefaultPort(targetUri.slice(schemeEnd + 3, pathStart).toLowerCase(), scheme),
    path: pathStart === pathEnd ? '/' : targetUri.slice(pathStart, pathEnd),
    query: hasQuery ? targetUri.slice(question, end) : '?',
    hasQuery,
  };
}

const defaultPorts: ReadonlyMap<string, string> = new Map([
  ['https', ':443'],
  ['http', ':80'],
]);

function withoutDefaultPort(authority: string, scheme: string): string {
  const port = defaultPorts.get(scheme);
  return port !== undefined && authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
}
