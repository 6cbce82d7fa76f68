import { TransportFault } from '../../../core/ports/index.js';

/** What Node says when nobody that is trusted vouches for a server (X509_V_ERR_..., without the prefix). */
const unvouched: readonly string[] = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
];
const unfit: readonly string[] = ['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];
/** Alerts of a server that wants to see another certificate than it was shown (RFC 8446 section 6.2). */
const refused = /^ERR_SSL_\w*ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|NO_CERTIFICATE)/;

/**
 * What Node's client threw, in words.
 *
 * @param what was asked, for a person: `GET https://...`
 * @param ca the file whose CAs are trusted; those of the system when there is none
 */
export function transportFault(what: string, error: unknown, ca: string | undefined): TransportFault {
  if (error instanceof TransportFault) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  const fault = (reason: TransportFault['reason'], why: string): TransportFault =>
    new TransportFault(reason, `${what}: ${why}`, { cause: error });
  if (unvouched.includes(code)) {
    const trusted = ca === undefined ? 'a CA that this system trusts' : `the CA in ${ca}`;
    return fault(
      'untrusted',
      `its certificate is not signed by ${trusted} (${code}); is this the right CA, and the right address?`,
    );
  }
  if (unfit.includes(code)) return fault('untrusted', `its certificate cannot be trusted: ${text}`);
  if (refused.test(code))
    return fault('unreachable', `it does not take our client certificate, or asks for one (${code})`);
  if (code.startsWith('HPE_')) return fault('invalid', `what it answers is no HTTP: ${text}`);
  if (code === 'ECONNRESET' && text === 'aborted') {
    return fault('unreachable', 'the connection broke in the middle of the answer');
  }
  return fault('unreachable', code === '' || text.includes(code) ? text : `${text} (${code})`);
}
