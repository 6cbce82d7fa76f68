import { RegistryFault } from '../../../core/ports/index.js';

/** Who was asked for what, for the reader of a fault. */
export interface Asked {
  /** `host:port` of the registry, and of the host that it redirected to. */
  readonly host: string;
  /** What was wanted: `manifest apps/pump:1.0.0`. */
  readonly what: string;
  /** Which certificate authorities were used. */
  readonly trust: string;
  /** What must not appear in a text, though the other side may say it. */
  readonly secrets: readonly string[];
}

/** Codes of OpenSSL and Node that mean: this certificate is not to be trusted. */
const mistrust = /^(?:ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;

const connection: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the registry running, and is this its address?',
  ENOTFOUND: 'this host name is not known; check the spelling and the DNS',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no way to this host',
  ENETUNREACH: 'there is no way to this network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time; a firewall?',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped in the middle and did not go on',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is not as long as it says',
};

/** A failed exchange in words. The cause keeps the original for the log. */
export function connectionFault(error: unknown, { host, what, trust }: Asked): RegistryFault {
  if (error instanceof RegistryFault) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  const why =
    mistrust.test(code) || code.startsWith('ERR_SSL') || code === 'EPROTO'
      ? `its TLS certificate or handshake is not acceptable (${code}); checked against ${trust}`
      : (connection[code] ?? (code.startsWith('HPE_') ? 'what answers there does not speak HTTP' : text));
  return new RegistryFault('unreachable', `registry ${host}: ${what}: ${why}`, { cause: error });
}

/** A status that is no success, with what the registry says about it. */
export function statusFault(
  status: number,
  said: string,
  { host, what }: Asked,
  user: string | undefined,
): RegistryFault {
  const at = `registry ${host}: ${what}`;
  const quote = said === '' ? `HTTP ${status}` : `HTTP ${status}, ${said}`;
  if (status === 401) {
    const todo =
      user === undefined
        ? 'it needs credentials; add username and password (or passwordFile, passwordSecret) to its entry in `registries`'
        : `it does not accept the credentials of ${user}`;
    return new RegistryFault('denied', `${at}: ${todo} (${quote})`);
  }
  // Harbor denies what is beyond a project's quota in the words that it has for missing rights.
  if (status === 403 && /\bquota\b/i.test(said))
    return new RegistryFault(
      'refused',
      `${at}: there is no room left for it (${quote}); raise the quota or delete something`,
    );
  if (status === 403)
    return new RegistryFault('denied', `${at}: ${user ?? 'an anonymous caller'} may not do this (${quote})`);
  if (status === 412) {
    return new RegistryFault('refused', `${at}: a rule of the registry is against it (${quote})`);
  }
  if (status === 404) return new RegistryFault('not-found', `${at}: not there (${quote})`);
  if (status === 429 || status >= 500) {
    return new RegistryFault('unreachable', `${at}: the registry cannot answer now (${quote}); try again later`);
  }
  return new RegistryFault('refused', `${at}: the registry does not take this (${quote})`);
}

/** The first error of an OCI error body as one short line without control characters and without our secrets. */
export function errorText(body: string, secrets: readonly string[]): string {
  let text = body;
  try {
    const first: unknown = JSON.parse(body)?.errors?.[0];
    if (typeof first === 'object' && first !== null) {
      const { code, message } = first as { readonly code?: unknown; readonly message?: unknown };
      text = [code, message].filter((part) => typeof part === 'string').join(': ');
    }
  } catch {
    // A proxy's HTML page, say: shown as it is.
  }
  for (const one of secrets) if (one !== '') text = text.replaceAll(one, '***');
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}
