/**
 * A registry's `host[:port]` in the one spelling that stands for all, as a URL has it when the registry is spoken to: small
 * letters, an address in its usual form, no zeros before a port. Whether TLS is spoken is not known here, so both default
 * ports of HTTP are left out.
 * @returns `undefined` for what is no host, and so cannot be spoken to
 */
export function canonicalHost(host: string): string | undefined {
  if (!URL.canParse(`https://${host}`)) return undefined;
  const url = new URL(`https://${host}`);
  // Nothing of it was read as a user, a path or what follows one.
  return url.href === `${url.origin}/` ? url.host.replace(/:80$/, '') : undefined;
}

/** The same text for all spellings of a host; what is no host stands for itself. */
export function sameHost(host: string): string {
  return canonicalHost(host) ?? host;
}
