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

/** A scheme (RFC 3986 section 3.1); bindings other than HTTP have origins with schemes of their own. */
const schemeForm = /^[a-z][a-z0-9+.-]*$/;

/**
 * Splits without normalising: a URL parser would resolve `..` and re-encode, and the signature is over what was sent.
 *
 * @throws SignatureFault `malformed` when it is no absolute URI with an authority
 */
export function splitTargetUri(targetUri: string): TargetParts {
  const schemeEnd = targetUri.indexOf('://');
  const scheme = targetUri.slice(0, Math.max(schemeEnd, 0)).toLowerCase();
  if (!schemeForm.test(scheme)) throw new SignatureFault('malformed', 'the target URI is not absolute');
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

function withoutDefaultPort(authority: string, scheme: string): string {
  const port = scheme === 'https' ? ':443' : scheme === 'http' ? ':80' : undefined;
  return port !== undefined && authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
}
