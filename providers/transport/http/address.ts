import { isLoopback } from '../../../core/operation/index.js';

/** Where requests go. */
export interface Address {
  readonly secure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** As it stands in the Host field, and in what signatures cover: without the scheme's own port. */
  readonly authority: string;
  /** Path that a proxy puts before everything; empty, or `/tutti`. */
  readonly base: string;
  /** Scheme, authority and base. */
  readonly url: string;
}

/** @returns why a text cannot be an address; `undefined` for one that can */
export function addressFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'expected an address such as https://wfm.example:8443';
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return `expected https://..., not ${protocol}//...`;
  if (protocol === 'http:' && !isLoopback(unbracketed(hostname))) {
    return `http:// is for this machine only, and ${hostname} may be anywhere; use https://`;
  }
  if (username !== '' || password !== '') return 'no user and no password may stand in the address';
  if (search !== '' || hash !== '') return 'no query and no fragment may stand in the address';
  return undefined;
}

/** @throws Error for what {@link addressFault} objects to */
export function readAddress(text: string): Address {
  const fault = addressFault(text);
  if (fault !== undefined) throw new Error(fault);
  const { protocol, hostname, host, port, pathname } = new URL(text);
  const secure = protocol === 'https:';
  const base = pathname.replace(/\/+$/, '');
  return {
    secure,
    hostname: unbracketed(hostname),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    authority: host,
    base,
    url: `${protocol}//${host}${base}`,
  };
}

function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
