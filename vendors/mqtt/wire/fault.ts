/** Why there is no connection to a broker, or no longer one. */
export class BrokerFault extends Error {
  override readonly name = 'BrokerFault';
  constructor(
    /**
     * - `away`: not reached, or the connection broke: later it may be there again.
     * - `untrusted`: its certificate is signed by nobody that is trusted, or is for another host.
     * - `refused`: it does not take these credentials.
     * - `version`: it does not speak this version of MQTT.
     * - `denied`: it does not let this client do what it tried: its access list says no.
     * - `config`: a file that cannot be read or used.
     */
    readonly kind: 'away' | 'untrusted' | 'refused' | 'version' | 'denied' | 'config',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const untrusted = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** What went wrong on the way to a broker, or with it. */
export function faultOf(cause: unknown, address: string): BrokerFault {
  if (cause instanceof BrokerFault) return cause;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const said = cause instanceof Error ? cause.message || String(code) : String(cause);
  if (typeof code === 'number') return refusal(code, said, address, cause);
  const text = String(code ?? '');
  if (untrusted.has(text)) {
    return new BrokerFault('untrusted', `the certificate of ${address} is not trusted (${text}): check ca`, { cause });
  }
  if (/^ERR_SSL_.*ALERT/.test(text)) {
    return new BrokerFault('refused', `${address} refuses the client certificate, or wants one: ${said}`, { cause });
  }
  if (text === 'ENOENT' || text === 'EACCES' || text === 'EISDIR' || /^ERR_(?:OSSL|SSL)_/.test(text)) {
    return new BrokerFault('config', `a certificate or key cannot be used: ${said}`, { cause });
  }
  return new BrokerFault('away', `${address} is not there: ${said}`, { cause });
}

/** By the reason codes of MQTT 5 (section 3.2.2.2) and the return codes of 3.1.1 (section 3.2.2.3). */
function refusal(code: number, said: string, address: string, cause: unknown): BrokerFault {
  switch (code) {
    case 1:
    case 132:
      return new BrokerFault('version', `${address} does not speak this version of MQTT`, { cause });
    case 2:
    case 4:
    case 5:
    case 133:
    case 134:
    case 135:
    case 138:
    case 140:
      return new BrokerFault('refused', `${address} refuses these credentials: ${said}`, { cause });
    default:
      return new BrokerFault('away', `${address} is of no use now: ${said}`, { cause });
  }
}
