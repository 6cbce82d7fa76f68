/**
 * A registry's `host[:port]` in the one spelling that stands for all: small letters, and no port that is there unless told. Whether
 * it is spoken to with TLS is not known here, so both ports of HTTP are left out.
 */
export function sameHost(host: string): string {
  return host.toLowerCase().replace(/:(443|80)$/, '');
}
