/** `host[:port]`, an address of IPv6 in brackets; the port is captured. */
export const hostGrammar =
  /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::(\d{1,5}))?$/i;

/** A port has one spelling, so that a host has no more than it needs. */
export function isPort(digits: string): boolean {
  return String(Number(digits)) === digits && Number(digits) <= 65_535;
}
